// SPDX-License-Identifier: BSD-3-Clause
/* Stands for pins.c in a build without libbpf: there are no maps to open. */
#include "hot/pins.h"
#include <errno.h>
#include <stdio.h>

bool hf_pins_directory(const char *bpffs, const char *interface, char path[HF_PINS_PATH_MAX])
{
	return (size_t)snprintf(path, HF_PINS_PATH_MAX, "%s/%s", bpffs, interface) < HF_PINS_PATH_MAX;
}

int hf_pins_open(const char *directory, const char *name, char error[256])
{
	snprintf(error, 256, "%.150s/%.32s: this program was built without the kernel fast path", directory, name);
	return -1;
}

uint32_t hf_pins_map_id(int fd)
{
	(void)fd;
	return 0;
}

void *hf_pins_map(int fd, const char *name, size_t size, size_t count, char error[256])
{
	(void)fd;
	(void)size;
	(void)count;
	snprintf(error, 256, "%.32s: this program was built without the kernel fast path", name);
	return NULL;
}

void hf_pins_unmap(void *memory, size_t size, size_t count)
{
	(void)memory;
	(void)size;
	(void)count;
}

int hf_pins_lock(const char *directory)
{
	(void)directory;
	errno = ENOSYS;
	return -1;
}
