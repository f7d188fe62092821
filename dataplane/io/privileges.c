// SPDX-License-Identifier: BSD-3-Clause
/* User, groups, capabilities, limits. */
#include "io/privileges.h"
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool keep_capabilities(const struct hf_config *config)
{
	cap_value_t kept[4];
	int count = 0;
	cap_t set = cap_init();
	bool good;

	/* The pins may come later than we do. */
	if (config->fastpath)
		kept[count++] = CAP_BPF;
	if (config->io == HF_IO_DPDK) {
		kept[count++] = CAP_NET_ADMIN;
		kept[count++] = CAP_NET_RAW;
		kept[count++] = CAP_BPF;
	}
	good = set &&
	       (count == 0 || (cap_set_flag(set, CAP_PERMITTED, count, kept, CAP_SET) == 0 &&
			       cap_set_flag(set, CAP_EFFECTIVE, count, kept, CAP_SET) == 0)) &&
	       cap_set_proc(set) == 0;
	cap_free(set);
	return good;
}

static bool become(const struct hf_config *config, char error[HF_IO_ERROR_MAX])
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(config->user);
	if (!user) {
		snprintf(error, HF_IO_ERROR_MAX, "dataplane.user: '%.64s': %s", config->user,
			 errno ? strerror(errno) : "no such user");
		return false;
	}
	if (user->pw_uid == geteuid())
		return true;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0 || !keep_capabilities(config)) {
		snprintf(error, HF_IO_ERROR_MAX, "dataplane.user: cannot become '%.64s': %s", config->user,
			 strerror(errno));
		return false;
	}
	return true;
}

bool hf_privileges_drop(const struct hf_config *config, char error[HF_IO_ERROR_MAX])
{
	if (config->user && config->user[0] && !become(config, error))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		snprintf(error, HF_IO_ERROR_MAX, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
		return false;
	}
	return true;
}

unsigned hf_privileges_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur > INT_MAX ? INT_MAX : (unsigned)limit.rlim_cur;
}
