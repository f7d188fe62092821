// SPDX-License-Identifier: BSD-3-Clause
/* Skeleton: open, set constants and sizes, load, attach, pin; or take over what is pinned. */
#include "control/loader.h"
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "control/loader_clients.h"
#include "control/loader_services.h"
#include "fastpath.skel.h"
#include "hot/pins.h"

enum { OWN_ADDRESSES_MAX = HF_SERVICE_ADDRESSES_MAX };
#define CLIENTS_REST_NS 20000000u /* a table out of force is not written before; no program runs so long */

struct hf_loader {
	struct fastpath *skeleton;
	struct hf_fastpath_settings *settings; /* mapped */
	struct hf_service *services;	       /* mapped, two halves */
	struct hf_client_range *clients;       /* mapped, two halves */
	uint64_t clients_ns;		       /* when the table in force was put into force, at the latest; monotonic */
	int lock;			       /* on the pin directory, -1: none */
	int link;			       /* -1: not attached */
	char interface[IFNAMSIZ];
	struct hf_loader_status status;
	/* What the services were made of, to notice changes. */
	struct hf_address *wanted;
	size_t wanted_count;
	struct hf_address own[OWN_ADDRESSES_MAX];
	size_t own_count;
	uint8_t mac[6];
};

/* The pinned maps, in the order of pinning: settings last, so that whoever finds them finds all. */
enum { PINS = 7 };
static const char *const pin_names[PINS] = {HF_PIN_SERVICES, HF_PIN_CLIENTS, HF_PIN_BUCKETS, HF_PIN_CHUNKS,
					    HF_PIN_COUNTERS, HF_PIN_XSKS,    HF_PIN_SETTINGS};

static void pinned_maps(const struct fastpath *skeleton, struct bpf_map *maps[PINS])
{
	maps[0] = skeleton->maps.services;
	maps[1] = skeleton->maps.clients;
	maps[2] = skeleton->maps.buckets;
	maps[3] = skeleton->maps.chunks;
	maps[4] = skeleton->maps.counters;
	maps[5] = skeleton->maps.xsks_map;
	maps[6] = skeleton->maps.settings;
}

static bool __attribute__((format(printf, 2, 3))) fail(char *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, HF_LOADER_ERROR_MAX, format, arguments);
	va_end(arguments);
	return false;
}

static void pin_path(const struct hf_loader *loader, const char *name, char path[HF_PINS_PATH_MAX + 32])
{
	snprintf(path, HF_PINS_PATH_MAX + 32, "%s/%s", loader->status.pin_directory, name);
}

/* ---- what libbpf and the verifier say, kept for the error text ---- */

static char last_words[256];

static int keep_last_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[256];
	char *end;

	if (level != LIBBPF_WARN || strstr(format, "unrecognized data section")) /* xdp_metadata, for libxdp */
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	/* The verifier's log comes as one long line of lines; libbpf's own last word ("failed to load object") says least. */
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	if (!last_words[0])
		snprintf(last_words, sizeof(last_words), "%s", line);
	return 0;
}

/* ---- the pin directory ---- */

/* Makes `path` and what is missing above it, all of which has to be on a bpf file system. */
static bool make_directory(const char *path, char *error)
{
	char part[HF_PINS_PATH_MAX + 32];
	struct statfs where;

	snprintf(part, sizeof(part), "%s", path);
	while (statfs(part, &where)) {
		char *slash = strrchr(part, '/');

		if (errno != ENOENT || !slash || slash == part)
			return fail(error, "%s: %s", part, strerror(errno));
		*slash = '\0';
	}
	if ((unsigned long)where.f_type != BPF_FS_MAGIC)
		return fail(error, "%s is not on a bpf file system; mend: mount -t bpf bpf /sys/fs/bpf", path);
	for (size_t at = strlen(part); path[at];) {
		at += 1 + strcspn(path + at + 1, "/");
		snprintf(part, sizeof(part), "%.*s", (int)at, path);
		if (mkdir(part, 0700) && errno != EEXIST)
			return fail(error, "cannot make %s: %s", part, strerror(errno));
	}
	return true;
}

static bool lock_directory(struct hf_loader *loader, const char *bpffs, char *error)
{
	char path[HF_PINS_PATH_MAX + 32];

	if (!hf_pins_directory(bpffs, loader->interface, loader->status.pin_directory))
		return fail(error, "%s: too long a path", bpffs);
	if (!make_directory(loader->status.pin_directory, error))
		return false;
	loader->lock = hf_pins_lock(loader->status.pin_directory);
	if (loader->lock < 0)
		return errno == EWOULDBLOCK
			       ? fail(error, "%s: another holdfastd runs on this interface (it holds %s)", loader->interface,
				      loader->status.pin_directory)
			       : fail(error, "cannot lock %s: %s", loader->status.pin_directory, strerror(errno));
	pin_path(loader, HF_PIN_WRITER, path);
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(error, "cannot make %s: %s", path, strerror(errno));
	return true;
}

/* ---- loading ---- */

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The settings of an earlier run, when its maps can serve this one. */
static bool find_former(const struct hf_loader *loader, unsigned entries, struct hf_fastpath_settings *settings)
{
	char ignored[256];
	__u32 zero = 0;
	int fd = hf_pins_open(loader->status.pin_directory, HF_PIN_SETTINGS, ignored);
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	bool fits;

	if (fd < 0)
		return false;
	fits = bpf_obj_get_info_by_fd(fd, &info, &length) == 0 && info.value_size == sizeof(*settings) &&
	       bpf_map_lookup_elem(fd, &zero, settings) == 0 && settings->abi_version == HF_ABI_VERSION &&
	       settings->entries == entries && settings->bucket_count == hf_hot_bucket_count(entries) &&
	       settings->chunk_count == hf_hot_chunk_count(entries);
	close(fd);
	return fits;
}

/* Puts the pinned maps into the place of the skeleton's. All or none. */
static bool reuse_maps(const struct hf_loader *loader)
{
	struct bpf_map *maps[PINS];
	int fds[PINS], opened = 0;
	char ignored[256];
	bool done = true;

	pinned_maps(loader->skeleton, maps);
	for (; opened < PINS; opened++) {
		struct bpf_map_info info = {};
		__u32 length = sizeof(info);

		fds[opened] = hf_pins_open(loader->status.pin_directory, pin_names[opened], ignored);
		if (fds[opened] < 0)
			break;
		if (bpf_obj_get_info_by_fd(fds[opened], &info, &length) || info.type != bpf_map__type(maps[opened]) ||
		    info.key_size != bpf_map__key_size(maps[opened]) ||
		    info.value_size != bpf_map__value_size(maps[opened]) ||
		    info.max_entries != bpf_map__max_entries(maps[opened]) ||
		    info.map_flags != bpf_map__map_flags(maps[opened])) {
			close(fds[opened]);
			break;
		}
	}
	done = opened == PINS;
	for (int i = 0; i < opened; i++) {
		if (done && bpf_map__reuse_fd(maps[i], fds[i]))
			done = false;
		close(fds[i]); /* reuse_fd keeps its own */
	}
	return done;
}

static bool open_skeleton(struct hf_loader *loader, const struct hf_fastpath_settings *settings, char *error)
{
	loader->skeleton = fastpath__open();
	if (!loader->skeleton)
		return fail(error, "cannot open the fast path's program: %s", strerror(errno));
	bpf_map__set_max_entries(loader->skeleton->maps.buckets, settings->bucket_count);
	bpf_map__set_max_entries(loader->skeleton->maps.chunks, settings->chunk_count);
	loader->skeleton->rodata->hf_secret = settings->secret[0];
	loader->skeleton->rodata->hf_bucket_count = settings->bucket_count;
	return true;
}

static bool load(struct hf_loader *loader, unsigned entries, bool adopt, char *error)
{
	struct hf_fastpath_settings settings = {};
	int fault;

	last_words[0] = '\0';
	if (adopt && find_former(loader, entries, &settings)) {
		if (!open_skeleton(loader, &settings, error))
			return false;
		loader->status.kept_answers = reuse_maps(loader);
	}
	if (!loader->status.kept_answers) {
		fastpath__destroy(loader->skeleton);
		loader->skeleton = NULL;
		settings = (struct hf_fastpath_settings){
			.abi_version = HF_ABI_VERSION,
			.entries = entries,
			.bucket_count = hf_hot_bucket_count(entries),
			.chunk_count = hf_hot_chunk_count(entries),
		};
		if (getrandom(settings.secret, sizeof(settings.secret), 0) != sizeof(settings.secret))
			return fail(error, "no random secret: %s", strerror(errno));
		if (!open_skeleton(loader, &settings, error))
			return false;
	}

	fault = fastpath__load(loader->skeleton);
	if (fault == -EPERM)
		return fail(error, "the kernel refuses to load the fast path: needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (%s)",
			    last_words);
	if (fault)
		return fail(error, "the kernel refuses to load the fast path: %s (%s)", strerror(-fault), last_words);

	loader->settings = hf_pins_map(bpf_map__fd(loader->skeleton->maps.settings), HF_PIN_SETTINGS,
				       sizeof(*loader->settings), 1, error);
	if (!loader->settings)
		return false;
	loader->services = hf_pins_map(bpf_map__fd(loader->skeleton->maps.services), HF_PIN_SERVICES,
				       sizeof(*loader->services), 2 * HF_SERVICE_SLOTS, error);
	if (!loader->services)
		return false;
	loader->clients = hf_pins_map(bpf_map__fd(loader->skeleton->maps.clients), HF_PIN_CLIENTS, sizeof(*loader->clients),
				      2 * HF_CLIENT_RANGES, error);
	if (!loader->clients)
		return false;
	if (loader->status.kept_answers)
		loader->clients_ns = monotonic_ns(); /* the earlier run may have changed it a moment ago */
	else
		*loader->settings = settings;
	return true;
}

/* ---- services ---- */

static bool write_services(struct hf_loader *loader, const struct hf_address *services, size_t count, uint16_t edns_size,
			   char *error)
{
	struct hf_service half[HF_SERVICE_SLOTS];
	uint64_t former = loader->settings->service_seed, seed, filter = 0;
	bool upper = !(former >> 63);

	seed = hf_loader_services_fill(half, services, count, loader->own, loader->own_count, error, HF_LOADER_ERROR_MAX);
	if (!seed)
		return false;
	/* The half that no program run reads: unless one has been asleep since the last but one change, which then takes a frame
	 * for somebody else's. */
	memcpy(loader->services + (upper ? HF_SERVICE_SLOTS : 0), half, sizeof(half));
	__atomic_store_n(&loader->settings->edns_size, edns_size, __ATOMIC_RELAXED);
	__atomic_store_n(&loader->settings->udp_ceiling, hf_udp_ceiling(edns_size), __ATOMIC_RELAXED);
	for (unsigned i = 0; i < HF_SERVICE_SLOTS; i++)
		if (half[i].family)
			filter |= hf_service_filter(half[i].address[0], half[i].address[1]);
	/* Never a bit too few: those of the table in force and of the next, then of that alone. */
	__atomic_fetch_or(&loader->settings->service_filter, filter, __ATOMIC_RELEASE);
	__atomic_store_n(&loader->settings->service_seed, seed | (uint64_t)upper << 63, __ATOMIC_RELEASE);
	__atomic_store_n(&loader->settings->service_filter, filter, __ATOMIC_RELEASE);
	return true;
}

bool hf_loader_set_services(struct hf_loader *loader, const struct hf_address *services, size_t service_count,
			    uint16_t edns_size, char error[HF_LOADER_ERROR_MAX])
{
	struct hf_address *copy = calloc(service_count + 1, sizeof(*copy));

	if (!copy)
		return fail(error, "no memory");
	memcpy(copy, services, service_count * sizeof(*copy));
	if (!write_services(loader, services, service_count, edns_size, error)) {
		free(copy);
		return false;
	}
	free(loader->wanted);
	loader->wanted = copy;
	loader->wanted_count = service_count;
	return true;
}

/* ---- clients ---- */

bool hf_loader_set_access(struct hf_loader *loader, const struct hf_access *access, char error[HF_LOADER_ERROR_MAX])
{
	const __u32 former = loader->settings->access, half = !(former >> 31);
	struct hf_client_range *unused = loader->clients + (half ? HF_CLIENT_RANGES : 0);
	__u32 counts[2];

	/* Two changes in a row: a frame that met the table before the last one may still be looking there. */
	while (monotonic_ns() - loader->clients_ns < CLIENTS_REST_NS)
		usleep(CLIENTS_REST_NS / 1000);
	if (!hf_loader_clients_fill(unused, access, counts))
		return fail(error, "access-control: more than %d ranges of clients", HF_CLIENT_RANGES);
	__atomic_store_n(&loader->settings->access,
			 counts[0] ? hf_client_table(half, counts[0], counts[1]) : 0, __ATOMIC_RELEASE);
	loader->clients_ns = monotonic_ns();
	return true;
}

static void write_mac(struct hf_loader *loader, const uint8_t mac[6])
{
	uint64_t word = 0;

	memcpy(loader->mac, mac, 6);
	memcpy(&word, mac, 6);
	__atomic_store_n(&loader->settings->mac, word, __ATOMIC_RELEASE);
}

static bool read_mac(const char *interface, uint8_t mac[6], char *error)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};
	bool done;

	if (fd < 0)
		return fail(error, "%s: %s", interface, strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	done = ioctl(fd, SIOCGIFHWADDR, &request) == 0;
	if (!done)
		fail(error, "%s: cannot read its address: %s", interface, strerror(errno));
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
	return done;
}

/* ---- attaching ---- */

static uint32_t attached_program(int ifindex, bool *native)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	*native = query.attach_mode == XDP_ATTACHED_DRV;
	return query.attach_mode == XDP_ATTACHED_DRV ? query.drv_prog_id : query.skb_prog_id;
}

static void describe_program(uint32_t id, char text[64])
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	snprintf(text, 64, "id %u", id);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &length) == 0)
		snprintf(text, 64, "id %u, \"%s\"", id, info.name);
	if (fd >= 0)
		close(fd);
}

/* The interface's number, 0 when it is gone: the link stays as an empty shell. -1 when this is no link of ours. */
static int link_ifindex(int link, uint32_t *program_id)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &length) || info.type != BPF_LINK_TYPE_XDP)
		return -1;
	*program_id = info.prog_id;
	return (int)info.xdp.ifindex;
}

/* Switches the pinned link of an earlier run to our program. False when there is none that will do; then nothing of it is left. */
static bool take_over_link(struct hf_loader *loader, enum hf_attach attach)
{
	char path[HF_PINS_PATH_MAX + 32];
	uint32_t program_id = 0;
	bool native = false;
	int link;

	pin_path(loader, HF_PIN_LINK, path);
	link = bpf_obj_get(path);
	if (link < 0)
		return false;
	/* Another network namespace may have an interface of the same name and number. */
	if (link_ifindex(link, &program_id) == loader->status.ifindex &&
	    attached_program(loader->status.ifindex, &native) == program_id) {
		if (!(attach == HF_ATTACH_NATIVE && !native) && !(attach == HF_ATTACH_GENERIC && native) &&
		    bpf_link_update(link, hf_loader_program_fd(loader), NULL) == 0) {
			loader->link = link;
			return true;
		}
	}
	bpf_link_detach(link);
	unlink(path);
	close(link);
	return false;
}

static int create_link(struct hf_loader *loader, unsigned flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);

	return bpf_link_create(hf_loader_program_fd(loader), loader->status.ifindex, BPF_XDP, &options);
}

static bool attach(struct hf_loader *loader, enum hf_attach mode, char *error)
{
	char path[HF_PINS_PATH_MAX + 32], other[64];
	bool native = false;
	int fault = 0;

	if (take_over_link(loader, mode))
		goto attached;
	loader->link = -1;
	if (mode != HF_ATTACH_GENERIC) {
		loader->link = create_link(loader, XDP_FLAGS_DRV_MODE);
		fault = errno;
	}
	if (loader->link < 0 && mode != HF_ATTACH_NATIVE && !(mode == HF_ATTACH_AUTO && fault == EBUSY)) {
		if (fault)
			snprintf(loader->status.note, sizeof(loader->status.note),
				 "generic mode: the driver refuses native XDP (%s)", strerror(fault));
		loader->link = create_link(loader, XDP_FLAGS_SKB_MODE);
		fault = errno;
	}
	if (loader->link < 0) {
		uint32_t id = attached_program(loader->status.ifindex, &native);

		/* EEXIST: attached in the other mode. */
		if (id && (fault == EBUSY || fault == EEXIST)) {
			describe_program(id, other);
			return fail(error, "%s: another XDP program is attached (%s); mend: stop its owner, or ip link set dev %s xdp off; "
					   "if it hangs on a link: bpftool link detach id N, N from bpftool link show",
				    loader->interface, other, loader->interface);
		}
		return fail(error, "%s: cannot attach the fast path (%s): %s", loader->interface,
			    mode == HF_ATTACH_NATIVE ? "native" : mode == HF_ATTACH_GENERIC ? "generic" : "native, generic",
			    strerror(fault));
	}
	pin_path(loader, HF_PIN_LINK, path);
	if (bpf_obj_pin(loader->link, path))
		return fail(error, "cannot pin %s: %s", path, strerror(errno));
attached:
	loader->status.program_id = attached_program(loader->status.ifindex, &loader->status.native);
	return true;
}

/* ---- pins ---- */

/* Tells the writer, who may no longer be allowed to look at the pins, that nobody will read these maps. */
static void retire_settings(const struct hf_loader *loader)
{
	struct hf_fastpath_settings settings;
	struct bpf_map_info info = {};
	__u32 zero = 0, length = sizeof(info);
	char ignored[256];
	int fd = hf_pins_open(loader->status.pin_directory, HF_PIN_SETTINGS, ignored);

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 && info.value_size == sizeof(settings) &&
	    bpf_map_lookup_elem(fd, &zero, &settings) == 0) {
		settings.abi_version = 0;
		bpf_map_update_elem(fd, &zero, &settings, BPF_ANY);
	}
	close(fd);
}

static void unpin(const struct hf_loader *loader)
{
	char path[HF_PINS_PATH_MAX + 32];

	retire_settings(loader);
	/* Settings first: who opens the maps begins there. */
	for (int i = PINS - 1; i >= 0; i--) {
		pin_path(loader, pin_names[i], path);
		unlink(path);
	}
}

static bool pin_maps(struct hf_loader *loader, char *error)
{
	char path[HF_PINS_PATH_MAX + 32];
	struct bpf_map *maps[PINS];

	unpin(loader);
	pinned_maps(loader->skeleton, maps);
	for (int i = 0; i < PINS; i++) {
		pin_path(loader, pin_names[i], path);
		if (bpf_obj_pin(bpf_map__fd(maps[i]), path))
			return fail(error, "cannot pin %s: %s", path, strerror(errno));
	}
	return true;
}

/* ---- the parts together ---- */

static struct hf_loader *new_loader(const char *interface)
{
	struct hf_loader *loader = calloc(1, sizeof(*loader));

	if (!loader)
		return NULL;
	loader->lock = loader->link = -1;
	libbpf_set_print(keep_last_words);
	snprintf(loader->interface, sizeof(loader->interface), "%s", interface);
	return loader;
}

struct hf_loader *hf_loader_start(const struct hf_loader_config *config, char error[HF_LOADER_ERROR_MAX])
{
	struct hf_loader *loader = new_loader(config->interface);
	uint8_t mac[6];

	if (!loader) {
		fail(error, "no memory");
		return NULL;
	}
	loader->status.ifindex = (int)if_nametoindex(config->interface);
	if (!loader->status.ifindex) {
		fail(error, "%s: no such interface", config->interface);
		goto failed;
	}
	loader->own_count = hf_loader_services_own(loader->own, OWN_ADDRESSES_MAX);
	if (!read_mac(config->interface, mac, error) || !lock_directory(loader, config->bpffs, error) ||
	    !load(loader, config->entries, true, error) || !hf_loader_set_access(loader, config->access, error) ||
	    !hf_loader_set_services(loader, config->services, config->service_count, config->edns_size, error))
		goto failed;
	write_mac(loader, mac);
	/* New maps are pinned once the program that uses them runs: killed in between, the next start finds pins that do not
	 * all fit, and makes all anew. */
	if (!attach(loader, config->attach, error) || (!loader->status.kept_answers && !pin_maps(loader, error)))
		goto failed;
	return loader;
failed:
	hf_loader_close(loader);
	return NULL;
}

struct hf_loader *hf_loader_load(const struct hf_loader_config *config, const uint8_t mac[6],
				 char error[HF_LOADER_ERROR_MAX])
{
	struct hf_loader *loader = new_loader("");

	if (!loader) {
		fail(error, "no memory");
		return NULL;
	}
	if (!load(loader, config->entries, false, error) || !hf_loader_set_access(loader, config->access, error) ||
	    !hf_loader_set_services(loader, config->services, config->service_count, config->edns_size, error)) {
		hf_loader_close(loader);
		return NULL;
	}
	write_mac(loader, mac);
	return loader;
}

void hf_loader_close(struct hf_loader *loader)
{
	if (!loader)
		return;
	hf_pins_unmap(loader->services, sizeof(*loader->services), 2 * HF_SERVICE_SLOTS);
	hf_pins_unmap(loader->clients, sizeof(*loader->clients), 2 * HF_CLIENT_RANGES);
	hf_pins_unmap(loader->settings, sizeof(*loader->settings), 1);
	fastpath__destroy(loader->skeleton);
	if (loader->link >= 0)
		close(loader->link);
	if (loader->lock >= 0)
		close(loader->lock);
	free(loader->wanted);
	free(loader);
}

bool hf_loader_unload(const char *bpffs, const char *interface, char error[HF_LOADER_ERROR_MAX])
{
	struct hf_loader *loader = new_loader(interface);
	char path[HF_PINS_PATH_MAX + 32];
	struct stat there;
	uint32_t program_id = 0;
	bool done = false;
	int link;

	if (!loader)
		return fail(error, "no memory");
	if (!hf_pins_directory(bpffs, interface, loader->status.pin_directory)) {
		fail(error, "%s: too long a path", bpffs);
		goto out;
	}
	if (stat(loader->status.pin_directory, &there)) {
		done = true;
		goto out;
	}
	if (!lock_directory(loader, bpffs, error))
		goto out;
	pin_path(loader, HF_PIN_LINK, path);
	link = bpf_obj_get(path);
	if (link >= 0) {
		if (bpf_link_detach(link) && link_ifindex(link, &program_id) > 0) {
			fail(error, "%s: cannot detach: %s", interface, strerror(errno));
			close(link);
			goto out;
		}
		close(link);
	}
	unlink(path);
	unpin(loader);
	pin_path(loader, HF_PIN_WRITER, path);
	rmdir(path);
	if (rmdir(loader->status.pin_directory))
		fail(error, "cannot remove %s: %s", loader->status.pin_directory, strerror(errno));
	else
		done = true;
out:
	hf_loader_close(loader);
	return done;
}

bool hf_loader_refresh(struct hf_loader *loader, char error[HF_LOADER_ERROR_MAX])
{
	struct hf_address own[OWN_ADDRESSES_MAX];
	size_t own_count;
	uint32_t program_id = 0;
	uint8_t mac[6];

	if (link_ifindex(loader->link, &program_id) != loader->status.ifindex)
		return fail(error, "%s: the interface is gone, or the fast path was detached from it", loader->interface);
	if (!read_mac(loader->interface, mac, error))
		return false;
	if (memcmp(mac, loader->mac, 6))
		write_mac(loader, mac);
	memset(own, 0, sizeof(own));
	own_count = hf_loader_services_own(own, OWN_ADDRESSES_MAX);
	if (own_count == loader->own_count && memcmp(own, loader->own, own_count * sizeof(*own)) == 0)
		return true;
	memcpy(loader->own, own, sizeof(own));
	loader->own_count = own_count;
	return write_services(loader, loader->wanted, loader->wanted_count, loader->settings->edns_size, error);
}

bool hf_loader_counters(const struct hf_loader *loader, struct hf_fastpath_counters *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct hf_fastpath_counters *each;
	__u32 zero = 0;
	bool done;

	if (cpus <= 0)
		return false;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return false;
	done = bpf_map_lookup_elem(bpf_map__fd(loader->skeleton->maps.counters), &zero, each) == 0;
	memset(sum, 0, sizeof(*sum));
	for (int cpu = 0; done && cpu < cpus; cpu++) {
#define ADD(name, text) sum->name += each[cpu].name;
		HF_FASTPATH_COUNTERS(ADD)
#undef ADD
	}
	free(each);
	return done;
}

void hf_loader_status(const struct hf_loader *loader, struct hf_loader_status *status)
{
	*status = loader->status;
}

int hf_loader_program_fd(const struct hf_loader *loader)
{
	return bpf_program__fd(loader->skeleton->progs.xsk_def_prog);
}

int hf_loader_map_fd(const struct hf_loader *loader, const char *pin)
{
	struct bpf_map *maps[PINS];

	pinned_maps(loader->skeleton, maps);
	for (int i = 0; i < PINS; i++)
		if (strcmp(pin_names[i], pin) == 0)
			return bpf_map__fd(maps[i]);
	return -1;
}
