"""What `facet doctor` and the window's page look at: one file a group, plain findings, no Qt."""
