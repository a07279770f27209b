//go:build tools

// Pins the module that Pulumi's Java language host is compiled from; this package is not built.
package main

import _ "github.com/pulumi/pulumi-java/pkg/cmd/pulumi-language-java"
