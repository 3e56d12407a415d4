package docs

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser uses the site of the project's schemas as a person would: it searches, follows links, copies, chooses a theme,
// and looks at every page on a phone. XMPP_SCREENSHOTS names a folder for pictures of it.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser := startChromium(t)
	dir := t.TempDir()
	_, files := ownSite(t)
	require.NoError(t, Write(dir, files))
	site := "file://" + filepath.ToSlash(dir) + "/"

	t.Run("search", func(t *testing.T) { searching(t, browser.tab(t, 1280, 900), site) })
	t.Run("links", func(t *testing.T) { following(t, browser.tab(t, 1280, 900), site) })
	t.Run("copy", func(t *testing.T) { copying(t, browser.tab(t, 1280, 900), site) })
	t.Run("theme", func(t *testing.T) { theming(t, browser.tab(t, 1280, 900), site) })
	t.Run("phone", func(t *testing.T) { onPhone(t, browser.tab(t, 390, 844), site, files) })
	t.Run("pictures", func(t *testing.T) { pictures(t, browser.tab(t, 1400, 1000), site) })
}

// first is the first result of the search, selected is the selected one.
const (
	first    = `document.querySelector("#results [role=option]")`
	selected = `document.getElementById(document.getElementById("q").getAttribute("aria-activedescendant"))`
)

// searching finds things by their different names, without a mouse.
func searching(t *testing.T, p *tab, site string) {
	trouble := p.trouble()
	tests := []struct{ query, goName, page string }{
		{"45", "muc", "pkg/muc.html"},
		{"xep-0045", "muc", "pkg/muc.html"},
		{"XEP 45", "muc", "pkg/muc.html"},
		{"multi-user", "muc", "pkg/muc.html"},
		{"muc.Affiliation", "muc.Affiliation", "pkg/muc.html#Affiliation"},
		{"affiliationOwner", "muc.AffiliationOwner", "pkg/muc.html#AffiliationOwner"},
		{"http://jabber.org/protocol/muc#user", "muc.NSUser", "pkg/muc.html#NSUser"},
		{"urn:xmpp:receipts", "receipts.NS", "pkg/receipts.html#NS"},
		{"<received/>", "receipts.Received", "pkg/receipts.html#Received"},
		{"disco query", "disco.Info", "pkg/disco.html#Info"},
		{"item-not-found", "stanzaerror.DefinedCondition", "pkg/stanzaerror.html#DefinedCondition"},
		{"muc#roomconfig_whois", "muc.RoomConfig.Whois", "pkg/muc.html#RoomConfig.Whois"},
		{"rfc 6121", "roster", "pkg/roster.html"},
	}
	p.open(site + "index.html")
	for i, tt := range tests {
		p.eval(`document.activeElement.blur()`, nil)
		p.write("/")
		require.Equal(t, "q", p.text(`document.activeElement.id`), "the key / goes to the search")
		p.write(tt.query)
		require.Equal(t, tt.query, p.text(`document.activeElement.value`), "what was there before is replaced")
		require.Equal(t, "true", p.text(`document.getElementById("q").getAttribute("aria-expanded")`), tt.query)
		require.Equal(t, tt.goName, p.text(first+`?.querySelector(".hit-go").textContent ?? ""`), tt.query)
		require.Equal(t, site+tt.page, p.text(first+`.href`), tt.query)
		if i%4 != 0 {
			continue
		}
		p.press("Enter")
		p.wait()
		require.Equal(t, site+tt.page, p.text(`location.href`), tt.query)
		if _, anchor, _ := strings.Cut(tt.page, "#"); anchor != "" {
			p.until(fmt.Sprintf(`(() => { const r = document.getElementById(%q).getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight; })()`, anchor))
		}
		p.open(site + "index.html")
	}

	p.open(site + "pkg/muc.html")
	p.write("/")
	p.write("item")
	require.Equal(t, "0", p.text(`String([...document.querySelectorAll("#results [role=option]")].indexOf(`+selected+`))`))
	p.press("ArrowDown")
	p.press("ArrowDown")
	p.press("ArrowUp")
	require.Equal(t, "1", p.text(`String([...document.querySelectorAll("#results [role=option]")].indexOf(`+selected+`))`))
	require.Equal(t, "true", p.text(selected+`.getAttribute("aria-selected")`))
	require.True(t, p.truth(`document.querySelectorAll("#results [aria-selected=true]").length === 1`))
	p.press("ArrowUp")
	p.press("ArrowUp")
	require.True(t, p.truth(selected+` === document.querySelector("#results").lastElementChild`), "from the first to the last")
	require.Regexp(t, `^(\d+ results|The first 40 of \d+)$`, p.text(`document.getElementById("status").textContent`))
	p.press("Escape")
	require.True(t, p.truth(`document.getElementById("found").hidden && document.activeElement.id === "q"`))
	p.press("ArrowDown")
	require.False(t, p.truth(`document.getElementById("found").hidden`))
	p.write("zzzz")
	require.Equal(t, "Nothing is called that.", p.text(`document.getElementById("status").textContent`))
	p.press("Enter")
	require.Equal(t, site+"pkg/muc.html", p.text(`location.href`))
	require.True(t, p.truth(`getComputedStyle(document.querySelector(".top")).position === "sticky"`))
	require.Empty(t, trouble())
}

// following clicks its way through.
func following(t *testing.T, p *tab, site string) {
	trouble := p.trouble()
	p.open(site + "index.html")
	p.click(`a[href="pkg/muc.html"]`)
	p.wait()
	require.Equal(t, "Multi-User Chat", p.text(`document.querySelector("h1").textContent`))
	p.click(`.contents a[href="#Item"]`)
	require.Equal(t, "#Item", p.text(`location.hash`))
	p.click(`#Item .facts a[href="#User.Items"]`)
	require.Equal(t, "#User.Items", p.text(`location.hash`))
	p.click(`#OwnerQuery .fields a[href="form.html#Form"]`)
	p.wait()
	require.Equal(t, site+"pkg/form.html#Form", p.text(`location.href`))
	p.click(`#Form .facts a[href="muc.html#OwnerQuery.Form"]`)
	p.wait()
	require.Equal(t, site+"pkg/muc.html#OwnerQuery.Form", p.text(`location.href`))
	// an example that is folded away opens for those who come for it
	require.True(t, p.truth(`[...document.querySelectorAll("details.more")].every((d) => !d.open)`))
	p.eval(`location.hash = "#" + document.querySelector("details.more figure").id`, nil)
	p.until(`document.querySelector("details.more").open`)
	p.click(`.menu a[href="../requests.html"]`)
	p.wait()
	require.Equal(t, "IQ requests", p.text(`document.querySelector("h1").textContent`))
	p.press("Tab")
	require.Equal(t, "Skip to the content", p.text(`document.activeElement.textContent`), "the first stop of the keyboard")
	require.Empty(t, trouble())
}

// copying copies names and code.
func copying(t *testing.T, p *tab, site string) {
	_, err := p.send("", "Browser.grantPermissions", map[string]any{"permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"}})
	require.NoError(t, err)
	p.open(site + "pkg/receipts.html")
	for selector, want := range map[string]string{
		".import .copy":                `import "stanza.invalid/gen/receipts"`,
		"#Received > header .copy":     "receipts.Received",
		"#example-2 .xml .copy":        p.text(`document.querySelector("#example-2 .xml pre").textContent`),
		"#example-2 .go .copy":         "import (\n\t\"stanza.invalid/gen/receipts\"\n",
		"#example-2 .go .copy + .copy": p.text(`document.querySelector("#example-2 .go pre").textContent`),
	} {
		before := p.text(fmt.Sprintf(`document.querySelector(%q).textContent`, selector))
		p.click(selector)
		p.until(fmt.Sprintf(`document.querySelector(%q).textContent === "Copied"`, selector))
		got := p.text(`navigator.clipboard.readText()`)
		require.Truef(t, strings.HasPrefix(got, want), "%s copies %q", selector, got)
		require.NotEmpty(t, want)
		p.until(fmt.Sprintf(`document.querySelector(%q).textContent === %q`, selector, before))
	}
}

// theming follows the system, and the button.
func theming(t *testing.T, p *tab, site string) {
	const background = `getComputedStyle(document.body).backgroundColor`
	const light, dark = "rgb(253, 253, 252)", "rgb(20, 22, 26)"
	p.scheme("light")
	p.open(site + "index.html")
	require.Equal(t, light, p.text(background))
	p.scheme("dark")
	require.Equal(t, dark, p.text(background))
	p.until(`document.getElementById("theme").textContent === "Light"`)
	p.click("#theme")
	require.Equal(t, light, p.text(background), "the button overrides the system")
	require.Equal(t, "Use the dark theme", p.text(`document.getElementById("theme").getAttribute("aria-label")`))
	p.open(site + "pkg/muc.html")
	require.Equal(t, light, p.text(background), "the choice is kept")
	p.click("#theme")
	require.Equal(t, dark, p.text(background))
	p.scheme("light")
	require.Equal(t, light, p.text(background), "whoever has chosen what the system says follows it again")
}

// lengthy are the lists and the longest pages of packages.
func lengthy(files map[string][]byte) []string {
	var lists, packages []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch {
		case path.Dir(name) == "pkg":
			packages = append(packages, name)
		case path.Ext(name) == ".html":
			lists = append(lists, name)
		}
	}
	slices.SortStableFunc(packages, func(a, b string) int { return len(files[b]) - len(files[a]) })
	const most = 6
	return append(lists, packages[:min(most, len(packages))]...)
}

// onPhone looks for pages that are wider than the window, and whether all can be reached there.
func onPhone(t *testing.T, p *tab, site string, files map[string][]byte) {
	trouble := p.trouble()
	for _, name := range lengthy(files) {
		p.size(390, 844, true)
		p.open(site + name)
		p.eval(`for (const d of document.querySelectorAll("details")) d.open = true`, nil)
		for _, width := range []int{320, 390, 768, 1024} {
			p.size(width, 844, width < 1000)
			wide := p.text(`document.documentElement.scrollWidth <= innerWidth ? "" :
				[...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest("pre")).slice(0, 3)
					.map((e) => e.outerHTML.slice(0, 200)).join("\n") || "something"`)
			require.Empty(t, wide, "%s is wider than %d pixels", name, width)
		}
	}
	p.size(390, 844, true)
	p.open(site + "pkg/muc.html")
	require.False(t, p.truth(`document.querySelector(".contents details").open`), "the contents are folded")
	p.click(".contents summary")
	p.click(`.contents a[href="#StatusCode"]`)
	p.until(`Math.abs(document.getElementById("StatusCode").getBoundingClientRect().top) < innerHeight`)
	require.Empty(t, p.text(`[...document.querySelectorAll("button, input, a.skip")].filter((e) => !e.textContent.trim() && !e.getAttribute("aria-label")).map((e) => e.outerHTML).join()`),
		"everything has a label")
	require.Empty(t, trouble())
}

// pictures takes screenshots, for people to look at.
func pictures(t *testing.T, p *tab, site string) {
	if os.Getenv("XMPP_SCREENSHOTS") == "" {
		t.Skip("XMPP_SCREENSHOTS names no folder for them")
	}
	show := func(id string) {
		p.eval(fmt.Sprintf(`document.getElementById(%q).scrollIntoView({behavior: "instant"})`, id), nil)
	}
	for _, scheme := range []string{"light", "dark"} {
		p.size(1400, 1000, false)
		p.scheme(scheme)
		for _, name := range []string{"index", "elements", "namespaces", "requests", "forms", "features"} {
			p.open(site + name + ".html")
			p.screenshot(scheme + "-" + name)
		}
		p.open(site + "pkg/muc.html")
		p.screenshot(scheme + "-muc")
		for _, id := range []string{"User", "example-4", "AdminGet", "Item", "StatusCode", "RoomConfig", "example-20"} {
			show(id)
			p.screenshot(scheme + "-muc-" + id)
		}
		p.open(site + "pkg/carbons.html")
		p.screenshot(scheme + "-carbons")
		p.write("/")
		p.write("item")
		p.screenshot(scheme + "-search")
		p.open(site + "index.html")
		p.write("/")
		p.write("45")
		p.screenshot(scheme + "-search-number")
		p.size(390, 844, true)
		p.open(site + "index.html")
		p.screenshot(scheme + "-phone-index")
		p.open(site + "pkg/muc.html")
		p.screenshot(scheme + "-phone-muc")
		for _, id := range []string{"User", "User.Items", "example-4", "StatusCode", "requests", "RoomConfig"} {
			show(id)
			p.screenshot(scheme + "-phone-muc-" + id)
		}
		p.eval(`scrollTo(0, 0)`, nil)
		p.click("#q")
		p.write("muc#user")
		p.screenshot(scheme + "-phone-search")
	}
}
