package idle

// errNothing is like the error of a deadline that has passed: who uses crypto/tls may set one,
// and read on later.
var errNothing error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "idle: there is nothing to read yet" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

// IsNothing reports whether an error says that there is nothing to read yet.
func IsNothing(err error) bool { return err == errNothing }
