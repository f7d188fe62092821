// SPDX-License-Identifier: BSD-3-Clause
/* The scenario's clients on sockets: one socket a question, from SIM_CLIENT_ADDRESS and a port of its own to the daemon. */
#pragma once
#include <stdbool.h>
#include "client.h"

/* False with errno. A question asked again, over TCP, gets a new socket. */
bool sim_clients_ask(struct sim_client *client, size_t question);
/* Reads what came; true when there was anything. */
bool sim_clients_read(struct sim_client *client);
void sim_clients_close(struct sim_client *client);
