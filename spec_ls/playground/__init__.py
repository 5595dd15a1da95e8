"""The playground: an editor in the browser for the specs of one folder, on the same server as any other editor."""
