"""The Train tab: from a data set to a published student."""
