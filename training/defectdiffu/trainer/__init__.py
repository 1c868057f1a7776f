"""The training that the service's trainer starts as a child process: a request as JSON in, lines of JSON out."""
