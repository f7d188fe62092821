// SPDX-License-Identifier: BSD-3-Clause
/* The daemon on sockets as a target: started from a configuration file in a network namespace in which this process has all
 * addresses, asked by its clients, replied to by its servers. Its clock stands still (control/clock_test.c) and is moved on as the
 * world's is, so what happens at one instant is as in `sim`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "network_clients.h"
#include "network_config.h"
#include "network_daemon.h"
#include "network_namespace.h"
#include "network_servers.h"
#include "target.h"

struct sim_target {
	struct sim_daemon daemon;
	struct sim_servers *servers;
	uint64_t told_ns; /* where the daemon's clock stands */
};

bool sim_target_can_begin(const char **what)
{
	int status = 0;
	pid_t child = fork();

	*what = "a child process";
	if (child == 0)
		_exit(sim_namespace_enter(what) ? 0 : errno & 0xff);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return false;
	*what = "a network namespace in which all addresses are at home";
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno == 0;
}

bool sim_target_begin(struct sim_world *world)
{
	struct sim_target *target = world->target = calloc(1, sizeof(*target));
	const char *what;

	target->told_ns = world->now.mono_ns;
	if (!sim_namespace_enter(&what)) {
		sim_world_break(world, "%s: %s", what, strerror(errno));
		return false;
	}
	target->servers = sim_servers_open(world->scenario, world->settings);
	if (!target->servers) {
		sim_world_break(world, "the servers' sockets: %s", strerror(errno));
		return false;
	}
	if (!sim_daemon_prepare(&target->daemon)) {
		sim_world_break(world, "%s", target->daemon.fault);
		return false;
	}
	if (!sim_config_write(world->settings, target->daemon.folder)) {
		sim_world_break(world, "%s: %s", target->daemon.folder, strerror(errno));
		return false;
	}
	if (sim_daemon_start(&target->daemon, world->settings->wall_s))
		return true;
	sim_world_break(world, "%s", target->daemon.fault);
	return false;
}

void sim_target_end(struct sim_world *world, FILE *why)
{
	struct sim_target *target = world->target;
	struct sim_daemon *daemon = &target->daemon;

	if (!sim_daemon_stop(daemon)) {
		if (world->broken)
			fprintf(why, "%s\n", daemon->fault); /* what came of the first fault */
		sim_world_break(world, "%s", daemon->fault);
	}
	if (world->broken)
		sim_daemon_print_log(daemon, why);
	fputs("  the daemon's log:\n", world->story);
	sim_daemon_print_log(daemon, world->story);
	sim_daemon_end(daemon);
	sim_clients_close(world->client);
	sim_servers_close(target->servers);
	free(target);
	world->target = NULL;
}

void sim_target_ask(struct sim_world *world, size_t question)
{
	if (!sim_clients_ask(world->client, question))
		sim_world_break(world, "client %zu: %s", question, strerror(errno));
}

void sim_target_settle(struct sim_world *world)
{
	struct sim_target *target = world->target;
	bool more;

	do {
		if (!sim_daemon_settle(&target->daemon)) {
			sim_world_break(world, "%s", target->daemon.fault);
			return;
		}
		more = sim_servers_read(target->servers, world);
		more |= sim_clients_read(world->client);
	} while (more);
	sim_servers_close_abandoned(target->servers, world);
}

uint64_t sim_target_deadline(struct sim_world *world)
{
	return world->target->daemon.deadline_ns;
}

void sim_target_advance(struct sim_world *world, bool due)
{
	struct sim_target *target = world->target;

	(void)due; /* the daemon knows */
	if (!sim_daemon_step(&target->daemon, world->now.mono_ns - target->told_ns))
		sim_world_break(world, "%s", target->daemon.fault);
	target->told_ns = world->now.mono_ns;
}

void sim_target_deliver(struct sim_world *world, struct sim_exchange *exchange)
{
	if (!sim_servers_send(world->target->servers, exchange))
		sim_world_break(world, "a reply of %zu octets: %s", exchange->reply_length, strerror(errno));
	if (exchange->query->tcp && !exchange->extra) {
		sim_world_close(world, exchange->id); /* a connection ends with the first reply, taken or not */
		return;
	}
	free(exchange->reply);
	exchange->reply = NULL;
	exchange->due_ns = SIM_NEVER;
}
