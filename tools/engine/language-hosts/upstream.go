//go:build tools

// Pins the module that Pulumi's language hosts for Node.js and Python are compiled from; this package is not built.
package main

import (
	_ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
	_ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
)
