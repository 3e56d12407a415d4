package mechanism

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xdg-go/scram"
)

// The channel bindings, strongest first.
const (
	bindExporter = "tls-exporter"
	bindUnique   = "tls-unique"
	bindEndPoint = "tls-server-end-point"
)

// binding is a channel binding with its data.
type binding struct {
	name string
	data []byte
}

// have returns a binding of the connection, with an empty name if TLS has none of the
// kind: tls-unique exists up to TLS 1.2, tls-exporter needs TLS 1.3 or the extended master
// secret, tls-server-end-point is not defined for every signature.
func (o Offer) have(name string) binding {
	if o.TLS == nil || o.Possible != nil && !slices.Contains(o.Possible, name) {
		return binding{}
	}
	var b scram.ChannelBinding
	var err error
	switch name {
	case bindExporter:
		b, err = scram.NewTLSExporterBinding(o.TLS)
	case bindUnique:
		b = scram.NewTLSUniqueBinding(o.TLS.TLSUnique)
	case bindEndPoint:
		b, err = scram.NewTLSServerEndpointBinding(o.TLS)
	}
	if err != nil || len(b.Data) == 0 {
		return binding{}
	}
	return binding{name, b.Data}
}

func isSCRAM(name string) bool { return strings.HasPrefix(name, "SCRAM-") }

// binding returns the binding for the -PLUS mechanisms, and the flag for the others when
// there is none (RFC 5802, section 6; XEP-0440, section 3).
//
// Without XEP-0440 nobody knows what a server takes. Then tls-unique is the default where
// it exists. Where it does not, in TLS 1.3, there are servers that offer -PLUS and take
// nothing; with those only the flag n works, and y would be an alarm. Who wants none of
// that sets Policy.RequireBinding.
//
// Where none of the bindings exists here, which is what somebody in between would make it
// look like, sure says that the server has to prove that it has offered just those
// (XEP-0474, rule 6).
func (o Offer) binding() (b binding, flag byte, sure bool, err error) {
	plus := slices.ContainsFunc(o.Mechanisms, func(m string) bool { return isSCRAM(m) && IsPlus(m) })
	if o.TLS == nil {
		return binding{}, 'n', false, nil
	}
	if o.Bindings == nil {
		switch {
		case plus && o.Extensible:
			return binding{}, 0, false, fmt.Errorf("%w: mechanisms with channel binding, but no bindings", ErrDowngrade)
		case !plus:
			return binding{}, 'y', false, nil
		}
		return o.have(bindUnique), 'n', false, nil
	}
	if !plus && !o.Extensible && !slices.ContainsFunc(o.Mechanisms, isSCRAM) {
		// Bindings are of TLS, and a server may list them although those who check its
		// passwords, a directory for example, leave it with nothing that can be bound.
		return binding{}, 'n', false, nil
	}
	if !plus {
		return binding{}, 0, false, fmt.Errorf("%w: channel bindings, but no mechanism that has one", ErrDowngrade)
	}
	for _, name := range []string{bindExporter, bindUnique, bindEndPoint} {
		if slices.Contains(o.Bindings, name) {
			if b := o.have(name); b.name != "" {
				return b, 'n', false, nil
			}
		}
	}
	return binding{}, 'n', !slices.Contains(o.Bindings, bindEndPoint), nil
}
