"""Runs the test modules named as arguments and writes one line of JSON for each
test, and each of its subtests, that Go's tests then show as their own."""

import json
import sys
import unittest


class Lines(unittest.TestResult):
    def write(self, test, **more):
        print(json.dumps({"test": test.id(), **more}), flush=True)

    def addSuccess(self, test):
        self.write(test)

    def addError(self, test, err):
        self.write(test, error=self._exc_info_to_string(err, test))

    addFailure = addError

    def addSkip(self, test, reason):
        self.write(test, error="skipped: " + reason)

    def addSubTest(self, test, subtest, err):
        if err is None:
            self.write(subtest)
        else:
            self.addError(subtest, err)


if __name__ == "__main__":
    unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]).run(Lines())
