# Everything that this project needs to be built, tested and tried. `make help` lists it.

GO      ?= go
MODULE  ?=
SERVER  ?=
SECRET  ?=
DOMAIN  ?=
FUZZTIME ?= 10s
# Most generated packages have no tests but an example each. ./gen has these in one program, which takes seconds: by
# themselves they would be hundreds of programs to link.
TESTED = $$($(GO) list -f '{{if ne (print .TestGoFiles .XTestGoFiles) "[] [example_gen_test.go]"}}{{.ImportPath}}{{end}}' ./...)
# These start no goroutines but by the compiler's source.Each, so that the race detector has nothing to find in them, and
# they take ten times as long under it. A test in ./internal/guard holds them to it. What Each runs is looked at where
# schemas are read (internal/generate) and where code is written (RACES).
SEQUENTIAL = ./gen/... ./internal/guard ./internal/typed ./cmd/stanzacat/internal/... ./cmd/stanzagen \
	$(addprefix ./cmd/stanzagen/internal/,check docs docs/snippet draft infer ir model rule stanzaxml xsdfile yamlfile)
RACES = ^TestGolden$$|^TestGenerated$$/^sample$$
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help run test race integration chaos generate format check docs breaking lint fuzz bench rename cross

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## try it: compile a schema, serve it with a component, and print what is said (SERVER=host:port SECRET=... DOMAIN=... for a real server)
	@$(GO) run ./cmd/stanzagen generate --flat -o examples/custom/tea examples/custom/tea.yaml
	@$(GO) run ./examples/custom $(if $(SERVER),-server $(SERVER) -secret $(SECRET) -domain $(DOMAIN))

# The tests need no vet of their own: lint has it, once, for everything.
test: ## run all tests; those that need Prosody or ejabberd say so when they are not there
	$(GO) test -vet=off $(TESTED)

race: ## run the tests of all that is concurrent under the race detector
	$(GO) test -race -vet=off $$(for p in $(TESTED); do echo $$p; done | grep -vxF "$$($(GO) list $(SEQUENTIAL))")
	$(GO) test -race -vet=off -run '$(RACES)' ./cmd/stanzagen

integration: ## run the tests that need real servers, and fail without them
	XMPP_REQUIRE_SERVERS=1 $(GO) test -count=1 -run 'Prosody|EJabberd|Servers' ./component/ ./xmpp/

chaos: ## send 10,000 messages each way through a network that is cut 200 times, with every server, and print a table (XMPP_CHAOS_SEED=... for the same decisions again)
	@table=$$(mktemp); rm -f $$table; \
	XMPP_REQUIRE_SERVERS=1 XMPP_CHAOS=10000 XMPP_CHAOS_TABLE=$$table $(GO) test -count=1 -v -timeout 60m -parallel 1 -run Chaos ./xmpp/; \
	status=$$?; echo; cat $$table; rm -f $$table; exit $$status

generate: ## write the generated code anew
	$(GO) generate ./...

format: ## write the schemas in their canonical form
	$(GO) run ./cmd/stanzagen fmt schema examples/*/

check: ## say whether the generated code is fresh
	$(GO) run ./cmd/stanzagen check -o gen --all --prune schema

breaking: ## compare the schemas with those of the last release: nothing on the wire may break
	@tag=$$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null); \
	if [ -z "$$tag" ]; then echo "there is no release yet, so nothing to compare with"; \
	else echo "comparing with $$tag"; $(GO) run ./cmd/stanzagen breaking --only=wire $$tag:schema schema; fi

docs: ## build the schema browser: pages to be opened from docs/site/index.html
	@$(GO) run ./cmd/stanzagen docs --project docs/project.yaml -o docs/site schema
	@echo "open docs/site/index.html"

lint: ## vet, staticcheck and gofmt
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "not formatted:"; echo "$$out"; exit 1; fi

# The fuzzer of Go's testing now and then takes its own deadline for a failure: it then
# says nothing else, and has found nothing (go.dev/issue/75804, fixed in Go 1.27).
fuzz: ## run each fuzz target for a while (FUZZTIME=10s)
	@set -e; out=$$(mktemp); trap 'rm -f "$$out"' EXIT; \
	for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | cut -c6-); do \
			echo "$$pkg $$f"; \
			if $(GO) test -vet=off -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg >"$$out" 2>&1; then cat "$$out"; continue; fi; \
			cat "$$out"; \
			grep -qx '    context deadline exceeded' "$$out" && ! grep -q 'Failing input\|panic:\|hung' "$$out" || exit 1; \
		done; \
	done

bench: ## measure the codecs and the echo component against encoding/xml, logins, idle clients, and the compiler
	$(GO) test -run '^$$' -bench . -benchtime 100ms ./internal/bench/ | grep -v '^Benchmark.*ns/op'
	$(GO) test -run '^$$' -bench Compile -benchtime 1x ./cmd/stanzagen/

# Generated code has nothing of its own for a system: one that has words of 32 bits shows all that another can.
cross: ## build for the other platforms
	GOOS=linux GOARCH=386 $(GO) build ./...
	GOOS=windows GOARCH=amd64 $(GO) build $$($(GO) list ./... | grep -v /gen/)
	GOOS=darwin GOARCH=arm64 $(GO) build $$($(GO) list ./... | grep -v /gen/)

rename: ## give the module another path everywhere: make rename MODULE=example.org/you/stanza
	@test -n "$(MODULE)" || { echo "usage: make rename MODULE=example.org/you/stanza"; exit 2; }
	@old=$$($(GO) list -m); old_re=$$(printf '%s' "$$old" | sed 's/[.]/[.]/g'); \
	grep -rlF --exclude-dir=.git --exclude-dir=bin -- "$$old" . | xargs sed -i.renamed "s#$$old_re#$(MODULE)#g"; \
	find . -name '*.renamed' -not -path './.git/*' -delete; \
	gofmt -w $$(find . -name '*.go' -not -path './.git/*'); \
	echo "$$old is now $(MODULE)"
