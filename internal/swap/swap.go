// Package swap exchanges two files or folders in one step, so that at no moment
// one of them is missing: what a rename, which cannot replace a folder that holds
// something, does not do.
//
// [Exchange] returns [errors.ErrUnsupported] where the system or the file system has
// no such step; nothing has changed then.
package swap
