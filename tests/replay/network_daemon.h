// SPDX-License-Identifier: BSD-3-Clause
/* The test build of holdfast-dataplane (control/clock_test.c) as a child: started alone from a configuration file, its clock moved on
 * by hand, stopped.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SIM_DAEMON_FAULT_MAX 512

struct sim_daemon {
	char folder[64]; /* of its files while it starts; empty: none */
	pid_t pid;	 /* 0: not running */
	int log, notify; /* what it writes, and where it says that it is ready; 0: not open */
	FILE *clock_in, *clock_out;
	uint64_t deadline_ns; /* of its resolvers, as of the last request */
	char fault[SIM_DAEMON_FAULT_MAX];
};

/* Makes the folder, in which the caller puts holdfast.yaml and what it names. False with `fault`, as all below. */
bool sim_daemon_prepare(struct sim_daemon *daemon);
/* Returns when clients are served. The folder is gone then: nobody needs it, and nothing is left behind whatever happens. */
bool sim_daemon_start(struct sim_daemon *daemon, int64_t wall_s);
bool sim_daemon_settle(struct sim_daemon *daemon);
bool sim_daemon_step(struct sim_daemon *daemon, uint64_t by_ns);
/* False when it did not end by itself with status 0, or a sanitizer had something to say. */
bool sim_daemon_stop(struct sim_daemon *daemon);
void sim_daemon_print_log(const struct sim_daemon *daemon, FILE *out); /* its last lines */
void sim_daemon_end(struct sim_daemon *daemon);
