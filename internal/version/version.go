// Package version holds the one version number that the command, the embedded program and the files they make report.
package version

// Version is the release this tree builds. It is a constant, not a link-time value, so that two builds of one tree are the same bytes.
const Version = "0.1.0"
