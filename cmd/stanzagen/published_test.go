package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// shared returns the directory of the material that tests find beside the module, and skips the test without it.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("XMPP_SHARED")
	if dir == "" {
		var err error
		dir, err = filepath.Abs(filepath.Join("..", "..", "..", "shared"))
		require.NoError(t, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "xsd")); err != nil {
		t.Skip("the published schemas are not there; XMPP_SHARED names the directory that has them in xsd/")
	}
	return dir
}

// publishedFile is a row of the table.
type publishedFile struct {
	path, name string
	// pkg is the package that it makes, nil if it was refused; then refusal says why.
	pkg     *model.Package
	refusal string
	// code is what the file makes by itself.
	code     map[string][]byte
	warnings int
	verdicts []verdict
	// contradictions are the examples that the schema rules out.
	contradictions int
	failures       []string
}

// verdict is what testdata/published/roundtrip.go says of one element.
type verdict struct {
	Package, Example, Name, Error string
	Named, Refused                bool
}

// needsXEP are how many of the schemas in XEPs have to pass.
const needsXEP = 265

// TestPublishedXSDs compiles every published XSD in the material beside the module, each by itself, and then all that
// compile at once. It builds and vets what comes out, in a module of somebody else, and has it decode and encode the
// examples of the same XEP.
//
// A schema can describe an example if it declares one of the elements in it, at whatever depth. Such an
// element must be accepted, and it must come out with the same names, attributes, texts and children; if all of it has a
// field, encoding/xml must do the same. The only way out is testdata/published/contradictions.txt, which names the
// examples that the schema itself rules out, and why: that excuses a refusal, never a loss, and a line
// that is not needed is an error. What else fails makes the schema fail.
func TestPublishedXSDs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	dir := shared(t)
	files := compilePublished(t, dir)
	began := time.Now()
	verdicts := buildPublished(t, dir, files)
	t.Logf("building, vetting and decoding took %.1fs", time.Since(began).Seconds())
	judge(t, files, verdicts)
	report(t, files)

	compiled, passed := 0, 0
	for _, f := range files {
		if f.isXEP() && f.pkg != nil {
			compiled++
		}
		want, known := failing()[f.name]
		require.Equal(t, known, len(f.failures) > 0, "%s: %v", f.name, f.failures)
		for _, failure := range f.failures {
			require.Contains(t, failure, want, f.name)
		}
		if f.isXEP() && f.pkg != nil && len(f.failures) == 0 {
			passed++
		}
	}
	require.GreaterOrEqual(t, compiled, 270, "CHANGELOG.md says so")
	require.GreaterOrEqual(t, passed, needsXEP)
}

// failing are the schemas whose types do not take all that the schema allows, with a part of what is said.
func failing() map[string]string {
	return map[string]string{
		// xs:dateTime may go without an offset; XEP-0082 does not allow that, since it names no point in time.
		"xep-0323.xsd": "is no date and time",
		"xep-0326.xsd": "is no date and time",
		// RFC 6120 shows patterns, with brackets between the children. They are kept, but not in their places.
		"core/rfc/rfc6120-sasl.xsd":    "was written as",
		"core/rfc/rfc6120-streams.xsd": "was written as",
	}
}

func (f *publishedFile) isXEP() bool { return strings.HasPrefix(f.name, "xep-") }

// compilePublished compiles every published schema by itself. It is accepted, or refused with an error that says where
// and, in a hint, what to do.
func compilePublished(t *testing.T, dir string) []*publishedFile {
	var paths []string
	for _, pattern := range []string{"*.xsd", "core/*/*.xsd"} {
		some, err := filepath.Glob(filepath.Join(dir, "xsd", filepath.FromSlash(pattern)))
		require.NoError(t, err)
		require.NotEmpty(t, some)
		paths = append(paths, some...)
	}
	var files []*publishedFile
	for _, path := range paths {
		name, err := filepath.Rel(filepath.Join(dir, "xsd"), path)
		require.NoError(t, err)
		f := &publishedFile{path: path, name: filepath.ToSlash(name)}
		files = append(files, f)
		k, c := compiler(), &source.Collector{}
		packages := k.Compile(generate.Options{Files: []string{path}, ImportPath: "example.org/published/alone"}, c)
		for _, d := range c.Diagnostics() {
			require.Equal(t, path, d.Pos.File)
			require.Positive(t, d.Pos.Line, "%s", d)
			require.Positive(t, d.Pos.Col, "%s", d)
			if d.Severity == source.Warning {
				f.warnings++
				continue
			}
			require.NotEmpty(t, d.Hint, "%s", d)
			f.refusal = strings.TrimPrefix(strings.Split(d.String(), "\n")[0], path+":")
		}
		if c.Errors() > 0 {
			continue
		}
		require.Len(t, packages, 1)
		f.pkg, f.code = packages[0], k.Emit(packages, c)
		require.Zero(t, c.Errors())
	}
	return files
}

// buildPublished builds and vets the packages of all schemas and returns what the examples' elements met with.
func buildPublished(t *testing.T, dir string, files []*publishedFile) []verdict {
	root, err := filepath.Abs(filepath.FromSlash("../.."))
	require.NoError(t, err)
	module := t.TempDir()
	write := func(name string, data []byte) {
		file := filepath.Join(module, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, data, 0o644))
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	mod = regexp.MustCompile(`(?m)^module .*$`).ReplaceAll(mod, []byte("module example.org/published"))
	write("go.mod", fmt.Appendf(mod, "\nrequire %[1]s v0.0.0\nreplace %[1]s => %[2]s\n", model.Module, root))
	write("go.sum", sum)

	// Those of XEPs and RFCs are compiled at once, so that they find each other.
	o := generate.Options{ImportPath: "example.org/published/together"}
	for _, f := range files {
		if f.pkg != nil && !strings.HasPrefix(f.name, "core/xmpp.org/") {
			o.Files = append(o.Files, f.path)
		}
	}
	k, c := compiler(), &source.Collector{}
	packages := k.Compile(o, c)
	require.Zero(t, c.Errors(), "%v", c.Diagnostics())
	together := k.Emit(packages, c)
	for name, data := range k.Table(packages, c) {
		write("together/"+name, data)
	}
	require.Zero(t, c.Errors())
	for name, data := range together {
		write("together/"+name, data)
	}
	// By itself, a schema is only vetted, and only if it then gives other code.
	for _, f := range files {
		for name, data := range f.code {
			if !bytes.Equal(data, together[name]) {
				for name, data := range f.code {
					write("alone/"+strings.ReplaceAll(strings.TrimSuffix(f.name, ".xsd"), ".", "")+"/"+filepath.Base(name), data)
				}
				break
			}
		}
	}
	for _, name := range []string{"roundtrip.go", "infoset.go"} {
		data, err := os.ReadFile(filepath.Join("testdata", "published", name))
		require.NoError(t, err)
		write("roundtrip/"+name, data)
	}

	run := func(name string, args ...string) []byte {
		cmd := exec.Command(name, args...)
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "%s %v: %s", name, args, stderr.String())
		t.Logf("%s %s: %.1fs of processor time", filepath.Base(name), args[0], (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		return out
	}
	// Without the directory in it, the code is the same in every run, and so the go command need not build it again. The
	// flags must be the same for vet, which otherwise builds all of it another time.
	flags := []string{"-trimpath", "-gcflags=example.org/published/...=-N -l"}
	run("go", append(append([]string{"build"}, flags...), "-o", "rt", "./roundtrip")...)
	run("go", append(append([]string{"vet"}, flags...), "./...")...)
	var verdicts []verdict
	examples := filepath.Join(dir, "examples")
	lines := json.NewDecoder(bytes.NewReader(run(filepath.Join(module, "rt"), filepath.Join(examples, "xeps.jsonl"), filepath.Join(examples, "rfcs.jsonl"))))
	for lines.More() {
		var v verdict
		require.NoError(t, lines.Decode(&v))
		verdicts = append(verdicts, v)
	}
	return verdicts
}

var specFile = regexp.MustCompile(`(?:xep-|/rfc)([0-9]{4})`)

// judge gives the verdicts to the files that they are about.
func judge(t *testing.T, files []*publishedFile, verdicts []verdict) {
	byPackage := map[string]*publishedFile{}
	for _, f := range files {
		if f.pkg != nil && !strings.HasPrefix(f.name, "core/xmpp.org/") {
			byPackage[f.pkg.Name] = f
		}
	}
	excused, used := contradictions(t), map[string]bool{}
	for _, v := range verdicts {
		f := byPackage[v.Package]
		require.NotNil(t, f, v.Package)
		if spec := specFile.FindStringSubmatch(f.name)[1]; !strings.HasPrefix(strings.TrimPrefix(v.Example, "RFC"), spec+"/") {
			continue // of another specification
		}
		f.verdicts = append(f.verdicts, v)
		if v.Error == "" {
			continue
		}
		key := f.name + " " + v.Example
		if _, ok := excused[key]; ok && v.Refused {
			used[key] = true
			f.contradictions++
			continue
		}
		f.failures = append(f.failures, fmt.Sprintf("%s %s: %s", v.Example, v.Name, v.Error))
	}
	for key := range excused {
		require.True(t, used[key], "contradictions.txt: %s is not needed", key)
	}
}

// contradictions returns the reasons by file and example.
func contradictions(t *testing.T) map[string]string {
	data, err := os.ReadFile(filepath.Join("testdata", "published", "contradictions.txt"))
	require.NoError(t, err)
	m := map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.SplitN(line, " ", 3)
		require.Len(t, words, 3, "%q has no reason", line)
		m[words[0]+" "+words[1]] = words[2]
	}
	return m
}

// report prints the table.
func report(t *testing.T, files []*publishedFile) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "file\toutcome\telements\ttypes\ttried\tpassed\tnamed\tcontradict\twarnings\t")
	type sum struct{ files, ok, vacuous, elements, structs, tried, passed, named, contradict, warnings int }
	sums := map[string]*sum{}
	for _, f := range files {
		group := "xep"
		if !f.isXEP() {
			group = filepath.ToSlash(filepath.Dir(f.name))
		}
		s := sums[group]
		if s == nil {
			s = &sum{}
			sums[group] = s
		}
		s.files++
		s.warnings += f.warnings
		if f.pkg == nil {
			fmt.Fprintf(w, "%s\trefused\t\t\t\t\t\t\t%d\t%s\n", f.name, f.warnings, f.refusal)
			continue
		}
		elements, passed, named := 0, 0, 0
		for _, e := range f.pkg.Structs {
			if e.Role == model.Payload {
				elements++
			}
		}
		for _, v := range f.verdicts {
			if v.Error == "" {
				passed++
			}
			if v.Named {
				named++
			}
		}
		outcome := "ok"
		switch {
		case len(f.failures) > 0:
			outcome = "fails"
		default:
			s.ok++
			if passed == 0 {
				s.vacuous++
			}
		}
		s.elements, s.structs, s.tried, s.passed = s.elements+elements, s.structs+len(f.pkg.Structs), s.tried+len(f.verdicts), s.passed+passed
		s.named, s.contradict = s.named+named, s.contradict+f.contradictions
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", f.name, outcome, elements, len(f.pkg.Structs),
			len(f.verdicts), passed, named, f.contradictions, f.warnings, strings.Join(f.failures[:min(1, len(f.failures))], ""))
	}
	for _, group := range slices.Sorted(maps.Keys(sums)) {
		s := sums[group]
		fmt.Fprintf(w, "all %s (%d)\t%d ok\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d of those that are ok have no example\n",
			group, s.files, s.ok, s.elements, s.structs, s.tried, s.passed, s.named, s.contradict, s.warnings, s.vacuous)
	}
	require.NoError(t, w.Flush())
	t.Log("\n" + b.String())
}
