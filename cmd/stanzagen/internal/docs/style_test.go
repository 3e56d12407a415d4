package docs

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestContrast computes the contrast of every colour of text on every background that it stands on, in both themes: at
// least 4.5 to 1, as WCAG 2 asks of text.
func TestContrast(t *testing.T) {
	t.Parallel()
	css := string(assets()["assets/style.css"])
	colours := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`).FindAllStringSubmatch(css, -1) {
		colours[m[1]] = [2]string{m[2], m[3]}
	}
	for _, text := range []string{"text", "quiet", "accent", "tag", "attribute", "string", "keyword", "good"} {
		for _, ground := range []string{"bg", "raised", "target"} {
			for theme, name := range []string{"light", "dark"} {
				require.NotEmpty(t, colours[text][theme], text)
				require.NotEmpty(t, colours[ground][theme], ground)
				c := contrast(t, colours[text][theme], colours[ground][theme])
				require.GreaterOrEqual(t, c, 4.5, "%s on %s, %s", text, ground, name)
			}
		}
	}
}

// contrast is that of two colours, as WCAG 2 defines it.
func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(colour[1:], 16, 32)
	require.NoError(t, err)
	part := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// TestNoNetwork looks for what would be fetched from elsewhere.
func TestNoNetwork(t *testing.T) {
	t.Parallel()
	for name, data := range assets() {
		require.NotRegexp(t, `https?:|//[a-z]+\.|@import|url\(`, string(data), name)
	}
	_, files := ownSite(t)
	for name, data := range files {
		require.NotRegexp(t, `(src|href)="//`, string(data), name)
	}
}
