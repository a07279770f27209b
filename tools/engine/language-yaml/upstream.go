//go:build tools

// Pins the module that Pulumi's YAML language host is compiled from; this package is not built.
package main

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
