// Starts a language host of Pulumi, which is in the same folder, with the runtime options from Pulumi.yaml. Current engines
// send them with the program, but hosts that are old enough to come from a Go module read them from their arguments only.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"gopkg.in/yaml.v3"
)

// Set by the linker: the file name of the host, and the runtime options that it has, separated by commas.
var upstream, options string

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-help" {
		fmt.Println("passes the runtime options in Pulumi.yaml to", upstream)
		return
	}
	self, err := os.Executable()
	if err != nil {
		fail(err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		fail(err)
	}
	host := filepath.Join(filepath.Dir(self), upstream)
	arguments := append(flags(), os.Args[1:]...)
	if runtime.GOOS != "windows" {
		fail(syscall.Exec(host, append([]string{host}, arguments...), os.Environ()))
	}
	child := exec.Command(host, arguments...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Run(); err != nil {
		fail(err)
	}
}

// The options in the nearest Pulumi.yaml, as flags of that host. The engine reports errors in the file.
func flags() []string {
	folder, err := os.Getwd()
	if err != nil {
		return nil
	}
	for parent := filepath.Dir(folder); ; folder, parent = parent, filepath.Dir(parent) {
		for _, name := range []string{"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			if err == nil {
				return append(flagsOf(text), "-root="+folder)
			}
		}
		if parent == folder {
			return nil
		}
	}
}

func flagsOf(project []byte) []string {
	var parsed struct{ Runtime yaml.Node }
	var details struct{ Options map[string]any }
	if yaml.Unmarshal(project, &parsed) != nil || parsed.Runtime.Decode(&details) != nil {
		return nil
	}
	var found []string
	for _, name := range strings.Split(options, ",") {
		if value, given := details.Options[name]; given {
			found = append(found, fmt.Sprintf("-%s=%v", name, value))
		}
	}
	return found
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, filepath.Base(os.Args[0])+":", err)
	var exitError *exec.ExitError
	if errors.As(err, &exitError) {
		os.Exit(exitError.ExitCode())
	}
	os.Exit(1)
}
