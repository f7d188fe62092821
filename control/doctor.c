// SPDX-License-Identifier: BSD-3-Clause
/* The checks of the host: kernel, memory, files, sockets, clock. Those of the interface are in doctor_interface.c. */
#include "control/doctor.h"
#include <errno.h>
#include <ldns/ldns.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include "control/doctor_checks.h"
#include "control/rpc_client.h"
#include "control/rpc_text.h"
#include "policy/access.h"

enum { KERNEL_MAJOR_MIN = 6, KERNEL_MINOR_MIN = 1 }; /* Debian 12's; docs/decisions.md lists what is used of it */
enum { ASK_TIMEOUT_MS = 1000 };
#define DPDK_BYTES (UINT64_C(512) << 20) /* EAL, mbufs and UMEM of one queue or a few */
#define SANE_TIME 1735689600		 /* 2025-01-01: a clock before that was never set */

void hf_doctor_add(json_t *checks, const char *name, bool ok, const char *mend, const char *format, ...)
{
	char text[HF_CONFIG_ERROR_MAX + 128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_array_append_new(checks,
			      json_pack("{s:s, s:b, s:o, s:s}", "name", name, "ok", ok, "text", hf_rpc_text(text), "mend", mend));
}

static void check_kernel(json_t *checks)
{
	struct utsname host;
	int major = 0, minor = 0;
	bool ok;

	uname(&host);
	ok = sscanf(host.release, "%d.%d", &major, &minor) == 2 &&
	     (major > KERNEL_MAJOR_MIN || (major == KERNEL_MAJOR_MIN && minor >= KERNEL_MINOR_MIN));
	hf_doctor_add(checks, "kernel", ok, ok ? "" : "boot a kernel of Linux 6.1 or later", "Linux %s on %s",
		      host.release, host.machine);
}

static void check_privileges(json_t *checks, const struct hf_config *config)
{
	static const struct {
		cap_value_t value;
		const char *name;
		bool kernel; /* wanted for BPF and AF_XDP only */
	} wanted[] = {{CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE", false},
		      {CAP_NET_ADMIN, "CAP_NET_ADMIN", true},
		      {CAP_NET_RAW, "CAP_NET_RAW", true},
		      {CAP_BPF, "CAP_BPF", true}};
	bool kernel = config->fastpath || config->io == HF_IO_DPDK;
	char missing[128] = "";
	cap_t held = cap_get_proc();

	for (size_t i = 0; held && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		cap_flag_value_t set = CAP_CLEAR;

		if ((wanted[i].kernel && !kernel) ||
		    (cap_get_flag(held, wanted[i].value, CAP_EFFECTIVE, &set) == 0 && set == CAP_SET))
			continue;
		snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), " %s", wanted[i].name);
	}
	cap_free(held);
	if (missing[0])
		hf_doctor_add(checks, "privileges", false,
			      "run as root, or give the capabilities (the systemd units do)", "this process lacks%s",
			      missing);
	else
		hf_doctor_add(checks, "privileges", true, "", "all capabilities that this configuration needs");
}

/* The figure behind `key` in a file of "Key:  value kB" lines, in octets; 0 when absent. */
static uint64_t read_meminfo(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kilobytes = 0, value;
	char line[128], name[64];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63[^:]: %llu", name, &value) == 2 && strcmp(name, key) == 0)
			kilobytes = value;
	}
	fclose(file);
	return (uint64_t)kilobytes << 10;
}

static void check_memory(json_t *checks, const struct hf_config *config, bool dataplane_runs)
{
	bool dpdk = config->io == HF_IO_DPDK;
	bool hugepages = dpdk && !strstr(config->dpdk_args, "--no-huge");
	uint64_t available = read_meminfo("MemAvailable");
	uint64_t wanted = config->cache_bytes + (dpdk && !hugepages ? DPDK_BYTES : 0);
	uint64_t huge = read_meminfo("Hugepagesize") * (read_meminfo("HugePages_Free") >> 10);

	if (dataplane_runs) {
		hf_doctor_add(checks, "memory", true, "", "the dataplane runs and has its memory");
		return;
	}
	hf_doctor_add(checks, "memory", available >= wanted,
		      available >= wanted ? "" : "lower cache.size or free memory",
		      "%llu MiB available, %llu MiB wanted by the cache%s", (unsigned long long)(available >> 20),
		      (unsigned long long)(wanted >> 20), dpdk && !hugepages ? " and DPDK" : "");
	if (hugepages)
		hf_doctor_add(checks, "hugepages", huge >= DPDK_BYTES,
			      huge >= DPDK_BYTES
				      ? ""
				      : "sysctl vm.nr_hugepages=256, or dataplane.dpdk-args: \"--no-huge -m 512\"",
			      "%llu MiB free in hugepages, DPDK wants %llu MiB", (unsigned long long)(huge >> 20),
			      (unsigned long long)(DPDK_BYTES >> 20));
}

/* Maps are charged to the cgroup since Linux 5.11; the memory that AF_XDP pins still counts here. */
static void check_memlock(json_t *checks)
{
	struct rlimit limit;
	cap_t held = cap_get_proc();
	cap_flag_value_t exempt = CAP_CLEAR;
	bool ok;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (held)
		cap_get_flag(held, CAP_IPC_LOCK, CAP_EFFECTIVE, &exempt);
	cap_free(held);
	ok = limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= DPDK_BYTES || exempt == CAP_SET;
	if (limit.rlim_cur == RLIM_INFINITY)
		hf_doctor_add(checks, "memlock", true, "", "unlimited");
	else
		hf_doctor_add(checks, "memlock", ok,
			      ok ? "" : "LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited",
			      "%llu KiB may be locked%s", (unsigned long long)(limit.rlim_cur >> 10),
			      exempt == CAP_SET ? ", CAP_IPC_LOCK lifts that" : "");
}

static void check_root_hints(json_t *checks, const struct hf_config *config)
{
	static const char mend[] = "apt install dns-root-data, or set resolver.root-hints";
	FILE *file = fopen(config->root_hints, "re");
	unsigned servers = 0, addresses = 0;
	int line = 0;

	if (!file) {
		hf_doctor_add(checks, "root-hints", false, mend, "%s: %s", config->root_hints, strerror(errno));
		return;
	}
	while (!feof(file)) {
		uint32_t ttl = 0;
		ldns_rdf *origin = NULL, *previous = NULL;
		ldns_rr *rr = NULL;
		ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, &ttl, &origin, &previous, &line);

		if (status == LDNS_STATUS_OK) {
			ldns_rr_type type = ldns_rr_get_type(rr);

			servers += type == LDNS_RR_TYPE_NS;
			addresses += type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA;
		}
		ldns_rr_free(rr);
		ldns_rdf_deep_free(origin);
		ldns_rdf_deep_free(previous);
		if (status != LDNS_STATUS_OK && status != LDNS_STATUS_SYNTAX_EMPTY &&
		    status != LDNS_STATUS_SYNTAX_TTL && status != LDNS_STATUS_SYNTAX_ORIGIN) {
			hf_doctor_add(checks, "root-hints", false, mend, "%s:%d: %s", config->root_hints, line,
				      ldns_get_errorstr_by_id(status));
			fclose(file);
			return;
		}
	}
	fclose(file);
	hf_doctor_add(checks, "root-hints", servers && addresses, servers && addresses ? "" : mend,
		      "%s: %u servers, %u addresses", config->root_hints, servers, addresses);
}

static void check_user(json_t *checks, const struct hf_config *config)
{
	const struct passwd *user;

	if (!config->user[0])
		return;
	user = getpwnam(config->user);
	if (user)
		hf_doctor_add(checks, "user", true, "", "%s has the number %u", config->user, (unsigned)user->pw_uid);
	else
		hf_doctor_add(checks, "user", false, "adduser --system, or another dataplane.user",
			      "there is no user %s", config->user);
}

static bool is_loopback(const struct hf_address *address)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	return address->family == 4 ? address->bytes[0] == 127 : memcmp(address->bytes, loopback6, 16) == 0;
}

/* The address that a question from this host to `service` comes from: the same, loopback for a wildcard. */
static struct hf_address own_client(const struct hf_address *service)
{
	static const uint8_t zero[16];
	struct hf_address client = *service;

	if (memcmp(client.bytes, zero, 16) != 0)
		return client;
	client.bytes[client.family == 4 ? 0 : 15] = client.family == 4 ? 127 : 1;
	if (client.family == 4)
		client.bytes[3] = 1;
	return client;
}

static void check_access(json_t *checks, const struct hf_config *config)
{
	struct hf_dns64_table dns64 = {0};
	char error[HF_CONFIG_ERROR_MAX], text[HF_ADDRESS_TEXT_MAX];
	struct hf_access *access;
	struct hf_address own;

	if (!hf_config_make_access(config, &dns64, &access, error)) {
		hf_doctor_add(checks, "access", false, "name fewer DNS64 prefixes", "%s", error);
		return;
	}
	for (size_t i = 0; !access && i < config->listen_count; i++) {
		if (is_loopback(&config->listen[i]))
			continue;
		hf_doctor_add(checks, "access", false, "name your clients in access-control, and refuse 0.0.0.0/0 and ::/0",
			      "%s answers everybody who reaches it: an open resolver, if that is the world",
			      hf_address_to_text(&config->listen[i], text));
		return;
	}
	own = own_client(&config->listen[0]);
	if (config->http.family && hf_access_of(access, &own).action >= HF_ACCESS_REFUSE)
		hf_doctor_add(checks, "access", false, "allow it in access-control",
			      "access-control keeps out this host itself: /healthz asks as %s", hf_address_to_text(&own, text));
	else
		hf_doctor_add(checks, "access", true, "", "%zu rules%s", config->access_count,
			      access ? "" : "; only this host can ask");
	hf_access_free(access);
}

/* True when it answers. */
static bool check_socket(json_t *checks, const char *name, const char *program, const char *path)
{
	char error[HF_RPC_ERROR_MAX], mend[128];
	json_t *status;
	bool answers = hf_rpc_call(path, "status", NULL, ASK_TIMEOUT_MS, &status, error) == HF_RPC_RESULT;

	json_decref(status);
	snprintf(mend, sizeof(mend), "systemctl start %s", program);
	if (answers)
		hf_doctor_add(checks, name, true, "", "%s answers on %s", program, path);
	else
		hf_doctor_add(checks, name, false, mend, "%s does not answer: %s", program, error);
	return answers;
}

static void check_clock(json_t *checks)
{
	struct timex state = {0};
	time_t now = time(NULL);
	int kept = adjtimex(&state);
	bool sane = now >= SANE_TIME, disciplined = kept >= 0 && kept != TIME_ERROR && !(state.status & STA_UNSYNC);
	char text[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	hf_doctor_add(checks, "clock", sane, sane && disciplined ? "" : "run chrony or systemd-timesyncd", "%s, %s",
		      text, disciplined ? "kept by NTP" : "not kept by NTP");
}

json_t *hf_doctor_run(const char *config_path)
{
	static const char defaults[] = "listen: [0.0.0.0]\n";
	char error[HF_CONFIG_ERROR_MAX];
	struct hf_config *config = config_path ? hf_config_load(config_path, error)
					       : hf_config_parse(defaults, sizeof(defaults) - 1, "defaults", error);
	json_t *checks = json_array();
	bool dataplane_runs;

	if (!checks)
		goto out;
	if (!config_path)
		hf_doctor_add(checks, "configuration", true, "holdfastctl -c FILE doctor checks for that file",
			      "no file: the defaults");
	else
		hf_doctor_add(checks, "configuration", config != NULL,
			      config ? "" : "docs/configuration.md lists all keys", "%s", config ? config_path : error);
	check_kernel(checks);
	check_clock(checks);
	if (!config)
		goto out;
	check_privileges(checks, config);
	check_user(checks, config);
	check_root_hints(checks, config);
	check_socket(checks, "holdfastd", "holdfastd", config->control_socket);
	dataplane_runs = check_socket(checks, "dataplane", "holdfast-dataplane", config->dataplane_socket);
	check_memory(checks, config, dataplane_runs);
	hf_doctor_check_listen(checks, config, dataplane_runs);
	check_access(checks, config);
	if (config->fastpath || config->io == HF_IO_DPDK) {
		check_memlock(checks);
		hf_doctor_check_interface(checks, config);
		hf_doctor_check_bpf(checks, config);
	}
out:
	hf_config_free(config);
	return checks ? json_pack("{s:o}", "checks", checks) : NULL;
}
