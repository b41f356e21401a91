// Package runner runs Terraform or OpenTofu in an environment that it owns.
//
// [Start] opens a run: one temporary folder, and at most one warm provider
// process for all roots that can share it. [Runner.NewWorkspace] copies a root
// module into it:
//
//	run, err := runner.Start(runner.Config{Tools: tools, Environ: env, Backend: backendEnv})
//	defer run.Close()
//	w, err := run.NewWorkspace(ctx, runner.WorkspaceConfig{Dir: "fixtures/app"})
//	err = w.Init(ctx)
//	err = w.Apply(ctx)
//
// Whatever starts the engine through [Workspace.Engine] gets the same: the
// methods of [Workspace], a terratest suite, or a user's own shell.
//
// # The environment
//
// Of the caller's variables engine and provider see HOME, PATH, LANG, LC_ALL,
// the proxies' and SSL_CERT_FILE and SSL_CERT_DIR; beside them those the run
// sets (TF_CLI_CONFIG_FILE, TF_REATTACH_PROVIDERS, GOGC and so on), those of the
// backend and those given to the workspace. Nothing else, so that no
// AWS_CA_BUNDLE, profile or TF_CLI_ARGS of the machine decides a test. Values are handed over
// in a file that only the user can read, never on a command line.
//
// # The provider
//
// Starting the AWS provider costs more than most plans. A provider process
// holds one configuration, though, and a second one would take the first's
// place without an error. [Mode] tells which root gets which process.
// Interrupting a run of a shared provider stops what others do with it too:
// that is how the plugin protocol defines its stop. One that crashes is replaced
// before the next method of a workspace starts the engine.
//
// # The end
//
// [Runner.Close] leaves no process and no folder. If the caller's process dies
// without it, a process of the run's own does the same, on Linux; elsewhere it
// removes the folder, and what runs in it ends when it finds its files gone.
//
// Windows is not supported: the engine is started through sh.
package runner
