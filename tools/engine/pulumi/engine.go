//go:build tools

// Pins the module that the Pulumi CLI is compiled from; this package is not built.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
