//go:build !linux && !darwin

package swap

import "errors"

// Exchange returns [errors.ErrUnsupported].
func Exchange(_, _ string) error { return errors.ErrUnsupported }
