// SPDX-License-Identifier: BSD-3-Clause
/* holdfastd: makes the parts, gives each to the next, then waits for signals. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "control/clock.h"
#include "control/control.h"
#include "control/fastpath.h"
#include "control/http.h"
#include "control/log.h"
#include "control/rpc_server.h"

enum { EXIT_USAGE = 2, TEND_INTERVAL_MS = 2000 };

static const char usage[] =
	"usage: holdfastd -c FILE             load the fast path, serve the tools and HTTP; in the foreground\n"
	"       holdfastd -c FILE --check     say whether the configuration is good, and end\n"
	"       holdfastd -c FILE --unload    take the fast path off its interface, and end\n"
	"       holdfastd --version | --help\n";

enum mode { MODE_SERVE, MODE_CHECK, MODE_UNLOAD };

/* The dataplane reads the same file, perhaps from another directory, so the path is made absolute. Links stay links:
 * the file may be changed by turning one round. */
static char *absolute_path(const char *path)
{
	char *directory = NULL, *absolute = NULL;

	if (path[0] == '/')
		return strdup(path);
	directory = getcwd(NULL, 0);
	if (directory && asprintf(&absolute, "%s/%s", directory, path) < 0)
		absolute = NULL;
	free(directory);
	return absolute;
}

/* Signals come through a descriptor, and are blocked before any thread starts so that all threads inherit that. */
static int open_signals(void)
{
	sigset_t signals;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void reload(struct hf_control *control)
{
	char error[HF_RPC_ERROR_MAX];

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(hf_clock_now().mono_ns / 1000));
	json_decref(hf_control_reload(control, error));
	sd_notify(0, "READY=1");
}

/* Until SIGTERM or SIGINT. */
static void run(struct hf_control *control, int signals)
{
	uint64_t watchdog_us = 0, tended_ns = 0;
	int wait_ms = TEND_INTERVAL_MS;

	if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us / 3000 < (uint64_t)wait_ms)
		wait_ms = (int)(watchdog_us / 3000) + 1;
	for (;;) {
		struct pollfd entry = {.fd = signals, .events = POLLIN};
		struct signalfd_siginfo info;
		uint64_t now_ns;

		if (poll(&entry, 1, wait_ms) > 0 && read(signals, &info, sizeof(info)) == sizeof(info)) {
			hf_log(HF_LOG_INFO, "signal", "name=SIG%s from=%u", sigabbrev_np((int)info.ssi_signo),
			       info.ssi_pid);
			if (info.ssi_signo != SIGHUP)
				return;
			reload(control);
		}
		if (watchdog_us)
			sd_notify(0, "WATCHDOG=1");
		now_ns = hf_clock_now().mono_ns;
		if (now_ns - tended_ns >= TEND_INTERVAL_MS * HF_NS_PER_MS) {
			hf_control_tend(control);
			tended_ns = now_ns;
		}
	}
}

static int serve(struct hf_config *config)
{
	char error[HF_RPC_ERROR_MAX] = "";
	int signals = open_signals(), status = EXIT_FAILURE;
	struct hf_control *control = hf_control_new(config);
	struct hf_rpc_server *rpc = NULL;
	struct hf_http *http = NULL;

	if (!control) {
		hf_config_free(config);
		hf_log(HF_LOG_ERROR, "start-failed", "reason=\"out of memory\"");
		return EXIT_FAILURE;
	}
	/* The socket first: its lock refuses a second instance before that one could touch the interface. */
	rpc = hf_rpc_server_start(config->control_socket, hf_control_handle, control, error);
	if (!rpc || !hf_control_attach(control, error))
		goto out;
	if (config->http.family && !(http = hf_http_start(control, &config->http, error)))
		goto out;
	hf_log(HF_LOG_INFO, "started", "version=%s pid=%d config=\"%s\" socket=\"%s\"", HF_VERSION, (int)getpid(),
	       config->path, config->control_socket);
	sd_notify(0, "READY=1");
	run(control, signals);
	sd_notify(0, "STOPPING=1");
	status = EXIT_SUCCESS;
out:
	if (status != EXIT_SUCCESS)
		hf_log(HF_LOG_ERROR, "start-failed", "reason=\"%s\"", error);
	hf_http_stop(http);
	hf_rpc_server_stop(rpc);
	hf_control_free(control);
	close(signals);
	if (status == EXIT_SUCCESS)
		hf_log(HF_LOG_INFO, "stopped", "pid=%d", (int)getpid());
	return status;
}

static int unload(struct hf_config *config)
{
	char error[HF_RPC_ERROR_MAX];
	bool done = hf_fastpath_unload(config, error);

	if (!done)
		fprintf(stderr, "holdfastd: %s\n", error);
	hf_config_free(config);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 't'},
		{"unload", no_argument, NULL, 'u'},	  {"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},	  {NULL}};
	char error[HF_CONFIG_ERROR_MAX];
	const char *path = NULL;
	enum mode mode = MODE_SERVE;
	struct hf_config *config;
	char *absolute;
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 't':
			mode = MODE_CHECK;
			break;
		case 'u':
			mode = MODE_UNLOAD;
			break;
		case 'V':
			puts("holdfastd " HF_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (!path || optind < argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	absolute = absolute_path(path);
	config = absolute ? hf_config_load(absolute, error) : NULL;
	if (!config) {
		fprintf(stderr, "holdfastd: %s\n", absolute ? error : strerror(errno));
		free(absolute);
		return EXIT_FAILURE;
	}
	free(absolute);
	hf_log_set_level(config->log_level);
	switch (mode) {
	case MODE_CHECK:
		printf("%s: good\n", config->path);
		hf_config_free(config);
		return EXIT_SUCCESS;
	case MODE_UNLOAD:
		return unload(config);
	case MODE_SERVE:
		break;
	}
	return serve(config);
}
