package yamlfile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const schemaFile = "../../../../schema/stanzagen.schema.json"

// TestJSONSchema keeps the JSON Schema in the folder of schemas the same as the table of keys.
func TestJSONSchema(t *testing.T) {
	t.Parallel()
	want := JSONSchema()
	if *update {
		require.NoError(t, os.WriteFile(schemaFile, want, 0o644))
		return
	}
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, string(want), string(data), "run the test with -update")
}

// TestJSONSchemaRefs wants every reference to lead somewhere, and every key to be there with its meaning.
func TestJSONSchemaRefs(t *testing.T) {
	t.Parallel()
	var schema struct {
		Definitions map[string]struct {
			Properties map[string]struct{ Description string }
			Required   []string
		}
	}
	require.NoError(t, json.Unmarshal(JSONSchema(), &schema))
	for _, k := range Keys() {
		require.Equal(t, k.Doc, schema.Definitions[definition(k.Level)].Properties[k.Name].Description, "%s.%s", k.Level, k.Name)
		if k.Required {
			require.Contains(t, schema.Definitions[definition(k.Level)].Required, k.Name)
		}
	}
	for _, part := range strings.Split(string(JSONSchema()), `"$ref": "#/definitions/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		require.Contains(t, schema.Definitions, name)
	}
}

// TestSchemasNameTheirSchema wants the line by which editors find the JSON Schema at the top of every schema of the project.
func TestSchemasNameTheirSchema(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../../schema/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(data), "# yaml-language-server: $schema=stanzagen.schema.json\n"), file)
	}
}
