// SPDX-License-Identifier: BSD-3-Clause
/* A scenario's settings as the configuration file of the daemon. */
#pragma once
#include <stdbool.h>
#include "settings.h"

/* UDP and TCP. No mock server has this port: theirs is 53 unless the scenario says another. */
#define SIM_DAEMON_ADDRESS "127.0.0.1"
#define SIM_DAEMON_ADDRESS6 "::1"
#define SIM_DAEMON_PORT 5300

/* Writes holdfast.yaml and what it names into `folder`. False with errno. */
bool sim_config_write(const struct sim_settings *settings, const char *folder);
