@node "%~dp0pulumi-resource-ion" %*
