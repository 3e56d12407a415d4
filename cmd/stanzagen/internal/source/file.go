package source

// File is a file that was read.
type File struct {
	// Path is the path as the user gave it.
	Path string
	// Data is what is in the file.
	Data []byte
}
