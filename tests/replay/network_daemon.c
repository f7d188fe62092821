// SPDX-License-Identifier: BSD-3-Clause
/* The daemon as a child; see network_daemon.h. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "network_daemon.h"

#define PROGRAM "holdfast-dataplane-testclock"
#define PATIENCE_MS 60000 /* real time, on a busy machine under sanitizers */
#define LOG_LINES_SHOWN 12

static bool fail(struct sim_daemon *daemon, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct sim_daemon *daemon, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(daemon->fault, sizeof(daemon->fault), format, arguments);
	va_end(arguments);
	return false;
}

static void path_in(const struct sim_daemon *daemon, const char *name, char out[96])
{
	snprintf(out, 96, "%s/%s", daemon->folder, name);
}

bool sim_daemon_prepare(struct sim_daemon *daemon)
{
	const char *base = getenv("TMPDIR");

	/* the paths of sockets in it are short ones */
	snprintf(daemon->folder, sizeof(daemon->folder), "%s/holdfast-replay.XXXXXX",
		 base && strlen(base) < 24 ? base : "/tmp");
	daemon->log = memfd_create("log", MFD_CLOEXEC);
	if (daemon->log >= 0 && mkdtemp(daemon->folder))
		return true;
	daemon->folder[0] = '\0';
	return fail(daemon, "a folder for the daemon's files: %s", strerror(errno));
}

static void remove_folder(struct sim_daemon *daemon)
{
	static const char *const files[] = {"holdfast.yaml", "root.hints", "hosts", "clock.sock", "notify.sock",
					    "dataplane.sock"};
	char path[96];

	if (!daemon->folder[0])
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path_in(daemon, files[i], path);
		unlink(path);
	}
	rmdir(daemon->folder);
	daemon->folder[0] = '\0';
}

/* ---- start ---- */

static int bind_notify(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static _Noreturn void run(const struct sim_daemon *daemon, int64_t wall_s, const char *notify)
{
	char clock[96], config[96], wall[32], program[4096 + sizeof(PROGRAM)];
	ssize_t length = readlink("/proc/self/exe", program, 4095);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	path_in(daemon, "clock.sock", clock);
	path_in(daemon, "holdfast.yaml", config);
	snprintf(wall, sizeof(wall), "%" PRId64, wall_s);
	setenv("HOLDFAST_TEST_CLOCK_SOCKET", clock, 1);
	setenv("HOLDFAST_TEST_CLOCK_WALL", wall, 1);
	setenv("NOTIFY_SOCKET", notify, 1);
	if (length < 0 || dup2(daemon->log, STDOUT_FILENO) < 0 || dup2(daemon->log, STDERR_FILENO) < 0)
		_exit(126);
	program[length] = '\0';
	strcpy(strrchr(program, '/') + 1, PROGRAM);
	execl(program, PROGRAM, "-c", config, NULL);
	fprintf(stderr, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

/* "READY=1" among its messages, before the child ends. */
static bool wait_until_ready(struct sim_daemon *daemon)
{
	int child = pidfd_open(daemon->pid, 0);
	bool ready = false;

	while (child >= 0 && !ready) {
		struct pollfd entries[2] = {{.fd = daemon->notify, .events = POLLIN}, {.fd = child, .events = POLLIN}};
		char text[512];
		ssize_t length;

		if (poll(entries, 2, PATIENCE_MS) <= 0) {
			fail(daemon, "the daemon is not ready after %d s", PATIENCE_MS / 1000);
			break;
		}
		if (!entries[0].revents) {
			fail(daemon, "the daemon did not start");
			break;
		}
		length = recv(daemon->notify, text, sizeof(text) - 1, 0);
		text[length < 0 ? 0 : length] = '\0';
		ready = strncmp(text, "READY=1", 7) == 0;
	}
	if (child >= 0)
		close(child);
	return ready;
}

static bool connect_clock(struct sim_daemon *daemon)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	path_in(daemon, "clock.sock", address.sun_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		if (fd >= 0)
			close(fd);
		return fail(daemon, "the daemon's clock: %s", strerror(errno));
	}
	daemon->clock_in = fdopen(fd, "r");
	daemon->clock_out = fdopen(dup(fd), "w");
	return true;
}

bool sim_daemon_start(struct sim_daemon *daemon, int64_t wall_s)
{
	char notify[96];

	path_in(daemon, "notify.sock", notify);
	daemon->notify = bind_notify(notify);
	if (daemon->notify < 0)
		return fail(daemon, "%s: %s", notify, strerror(errno));
	fflush(NULL);
	daemon->pid = fork();
	if (daemon->pid == 0)
		run(daemon, wall_s, notify);
	if (daemon->pid < 0) {
		daemon->pid = 0;
		return fail(daemon, "fork: %s", strerror(errno));
	}
	if (!wait_until_ready(daemon) || !connect_clock(daemon))
		return false;
	remove_folder(daemon);
	return true;
}

/* ---- the clock ---- */

static bool take_reply(struct sim_daemon *daemon)
{
	char line[128] = "", deadline[32];

	fflush(daemon->clock_out);
	if (!fgets(line, sizeof(line), daemon->clock_in))
		return fail(daemon, "the daemon is gone");
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*u %31s", deadline) != 1)
		return fail(daemon, "the daemon's clock says: %s", line);
	daemon->deadline_ns = strcmp(deadline, "never") == 0 ? UINT64_MAX : strtoull(deadline, NULL, 10);
	return true;
}

bool sim_daemon_settle(struct sim_daemon *daemon)
{
	fputs("settle\n", daemon->clock_out);
	return take_reply(daemon);
}

bool sim_daemon_step(struct sim_daemon *daemon, uint64_t by_ns)
{
	fprintf(daemon->clock_out, "step %" PRIu64 "\n", by_ns);
	return take_reply(daemon);
}

/* ---- the end ---- */

/* The log so far; its file offset is the daemon's own. */
static FILE *open_log(const struct sim_daemon *daemon)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", daemon->log);
	return daemon->log > 0 ? fopen(path, "re") : NULL;
}

static bool log_is_clean(const struct sim_daemon *daemon)
{
	FILE *log = open_log(daemon);
	char line[1024];
	bool clean = true;

	while (log && fgets(line, sizeof(line), log))
		if (strstr(line, "Sanitizer") || strstr(line, "runtime error:"))
			clean = false;
	if (log)
		fclose(log);
	return clean;
}

bool sim_daemon_stop(struct sim_daemon *daemon)
{
	int status = 0, child = daemon->pid ? pidfd_open(daemon->pid, 0) : -1;
	struct pollfd entry = {.fd = child, .events = POLLIN};
	bool ended;

	if (daemon->clock_in)
		fclose(daemon->clock_in);
	if (daemon->clock_out)
		fclose(daemon->clock_out);
	daemon->clock_in = daemon->clock_out = NULL;
	if (!daemon->pid)
		return true;
	kill(daemon->pid, SIGTERM);
	ended = poll(&entry, 1, PATIENCE_MS) > 0;
	if (!ended)
		kill(daemon->pid, SIGKILL);
	close(child);
	while (waitpid(daemon->pid, &status, 0) < 0 && errno == EINTR)
		;
	daemon->pid = 0;
	if (!ended)
		return fail(daemon, "the daemon did not end within %d s of SIGTERM", PATIENCE_MS / 1000);
	if (WIFSIGNALED(status))
		return fail(daemon, "the daemon was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return fail(daemon, "the daemon's exit status is %d", WEXITSTATUS(status));
	if (!log_is_clean(daemon))
		return fail(daemon, "a sanitizer complains in the daemon's log");
	return true;
}

void sim_daemon_print_log(const struct sim_daemon *daemon, FILE *out)
{
	FILE *log = open_log(daemon);
	char *line = NULL;
	size_t capacity = 0;
	unsigned lines = 0, skip;

	if (!log)
		return;
	while (getline(&line, &capacity, log) >= 0)
		lines++;
	skip = lines > LOG_LINES_SHOWN ? lines - LOG_LINES_SHOWN : 0;
	/* a sanitizer's report says the most in its first lines */
	if (!log_is_clean(daemon))
		skip = 0;
	rewind(log);
	for (unsigned i = 0; getline(&line, &capacity, log) >= 0; i++)
		if (i >= skip && i < skip + 60)
			fprintf(out, "\t%s", line);
	free(line);
	fclose(log);
}

void sim_daemon_end(struct sim_daemon *daemon)
{
	if (daemon->notify > 0)
		close(daemon->notify);
	if (daemon->log > 0)
		close(daemon->log);
	remove_folder(daemon);
}
