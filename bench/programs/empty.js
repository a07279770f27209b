// An empty program: the time that Pulumi itself takes.
