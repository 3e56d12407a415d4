// Package schema holds the schemas of this project: one YAML file for each XEP or RFC family, in the language that
// README.md describes. They are built into stanzagen, so that schemas of other modules can import them by name.
package schema

import "embed"

// FS has every schema of the project at its root. It is read-only.
//
//go:embed *.yaml
var FS embed.FS
