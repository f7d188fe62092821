// SPDX-License-Identifier: BSD-3-Clause
/* Pinned maps: paths, opening, mapping, locks. */
#include "hot/pins.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>

bool hf_pins_directory(const char *bpffs, const char *interface, char path[HF_PINS_PATH_MAX])
{
	size_t base = strlen(bpffs);

	if ((size_t)snprintf(path, HF_PINS_PATH_MAX, "%s/%s", bpffs, interface) >= HF_PINS_PATH_MAX)
		return false;
	for (char *at = path + base; *at; at++)
		if (*at == '.')
			*at = '_';
	return true;
}

int hf_pins_open(const char *directory, const char *name, char error[256])
{
	char path[HF_PINS_PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = bpf_obj_get(path);
	if (fd < 0) {
		int fault = errno;

		snprintf(error, 256, "%.180s: %s%s", path, strerror(fault),
			 fault == ENOENT ? " (the fast path is not loaded)"
			 : fault == EPERM || fault == EACCES ? " (needs root, or CAP_BPF)" : "");
		errno = fault;
	}
	return fd;
}

uint32_t hf_pins_map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.id;
}

void *hf_pins_map(int fd, const char *name, size_t size, size_t count, char error[256])
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	void *memory;

	if (bpf_obj_get_info_by_fd(fd, &info, &length)) {
		snprintf(error, 256, "%s: %s", name, strerror(errno));
		return NULL;
	}
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != size || info.max_entries != count ||
	    !(info.map_flags & BPF_F_MMAPABLE)) {
		snprintf(error, 256, "%s: not the map of this version (%u values of %u octets, want %zu of %zu)", name,
			 info.max_entries, info.value_size, count, size);
		return NULL;
	}
	/* Populated now: the first touch of a page costs tens of microseconds, too much between two records. */
	memory = mmap(NULL, size * count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (memory == MAP_FAILED) {
		snprintf(error, 256, "%s: cannot map it: %s", name, strerror(errno));
		return NULL;
	}
	return memory;
}

void hf_pins_unmap(void *memory, size_t size, size_t count)
{
	if (memory)
		munmap(memory, size * count);
}

int hf_pins_lock(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		int fault = errno;

		close(fd);
		errno = fault;
		return -1;
	}
	return fd;
}
