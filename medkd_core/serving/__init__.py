"""The inference worker: a child process predicts and explains, so that a window never does."""
