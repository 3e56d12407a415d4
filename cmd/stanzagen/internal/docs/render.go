package docs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"path"
)

//go:embed assets templates
var embedded embed.FS

// mark stands near the beginning of every file of the site. Files without it are never overwritten or removed.
const mark = "Made by stanzagen docs."

// assets are the files that are the same for all sites.
func assets() map[string][]byte {
	files := map[string][]byte{}
	entries, err := embedded.ReadDir("assets")
	if err != nil {
		panic(err) // it is built in
	}
	for _, e := range entries {
		name := path.Join("assets", e.Name())
		data, err := embedded.ReadFile(name)
		if err != nil {
			panic(err) // likewise
		}
		files[name] = append([]byte("/* "+mark+" */\n"), data...)
	}
	return files
}

// templates reads the templates.
func templates() *template.Template {
	functions := template.FuncMap{"entry": menuEntry}
	return template.Must(template.New("").Funcs(functions).ParseFS(embedded, "templates/*.html")) // they are built in
}

// menuLink is an entry of the menu.
type menuLink struct {
	link
	Here bool
}

func menuEntry(p *page, key, path, text string) menuLink {
	return menuLink{link{text, p.Root + path}, p.Current == key}
}

// render makes the file of a page.
func render(t *template.Template, p *page) ([]byte, error) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page", p); err != nil {
		return nil, fmt.Errorf("page %s: %w", p.Path, err)
	}
	return b.Bytes(), nil
}
