// SPDX-License-Identifier: BSD-3-Clause
/* The mock servers' sockets: one UDP and one listening TCP socket a port take what is sent to any address, of servers and of black
 * holes alike; which address it was decides what becomes of it (server.h).
 */
#pragma once
#include <stdbool.h>
#include "world.h"

struct sim_servers;

struct sim_servers *sim_servers_open(const struct sim_scenario *scenario, const struct sim_settings *settings); /* NULL with errno */
void sim_servers_close(struct sim_servers *servers);

/* Reads what came, opens its exchanges; true when there was anything. */
bool sim_servers_read(struct sim_servers *servers, struct sim_world *world);
/* Closes the exchanges whose socket the daemon has closed. Only while it is at rest. */
void sim_servers_close_abandoned(struct sim_servers *servers, struct sim_world *world);
bool sim_servers_send(struct sim_servers *servers, const struct sim_exchange *exchange); /* false with errno */
