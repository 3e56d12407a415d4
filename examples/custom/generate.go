package main

//go:generate go run stanza.invalid/cmd/stanzagen generate --flat -o tea tea.yaml
