// SPDX-License-Identifier: BSD-3-Clause
/* Where the fast path's maps are pinned, and what it takes to use one that somebody else pinned.
 * Any thread.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_PINS_PATH_MAX 256

/* BPFFS/INTERFACE into `path`. bpffs knows no names with dots: those of VLAN devices ("eth0.100") become underscores.
 * False when it is too long. */
bool hf_pins_directory(const char *bpffs, const char *interface, char path[HF_PINS_PATH_MAX]);

/* Opens the map pinned as `name` in `directory`; -1 with errno, and the reason in `error`. */
int hf_pins_open(const char *directory, const char *name, char error[256]);

/* The kernel's number of an open map, 0 on a fault. */
uint32_t hf_pins_map_id(int fd);

/* Maps `count` elements of `size` octets of the array map `fd` into memory, shared with the kernel, after checking that it is one of this
 * shape. NULL with the reason in `error`. */
void *hf_pins_map(int fd, const char *name, size_t size, size_t count, char error[256]);
void hf_pins_unmap(void *memory, size_t size, size_t count);

/* Takes the lock that belongs to a directory in bpffs (flock; gone with the process). The descriptor, or -1 with errno. */
int hf_pins_lock(const char *directory);
