//go:build tools

// Pins the module that Pulumi's Go language host is compiled from; this package is not built.
package main

import _ "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"
