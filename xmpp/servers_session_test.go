package xmpp_test

func tokenRows() []row   { return nil }
func sessionRows() []row { return nil }
func accountRows() []row { return nil }
