// SPDX-License-Identifier: BSD-3-Clause
/* Prints docs/configuration.md; run by the build, never installed. */
#include <stdio.h>
#include "control/config.h"

int main(void)
{
	hf_config_write_reference(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
