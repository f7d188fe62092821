// SPDX-License-Identifier: BSD-3-Clause
/* The network namespace of a scenario; see network_namespace.h. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "network_namespace.h"

#define LOOPBACK_INDEX 1 /* in every namespace */

static bool raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	if (fd < 0)
		return false;
	good = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
	request.ifr_flags |= IFF_UP;
	good = good && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return good;
}

/* ip route add local default dev lo */
static bool add_local_route(uint8_t family)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
		struct rtattr attribute;
		uint32_t interface;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWROUTE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
		.route = {.rtm_family = family, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_BOOT,
			  .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL},
		.attribute = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = RTA_OIF},
		.interface = LOOPBACK_INDEX,
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	if (send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request))
		got = recv(fd, &reply, sizeof(reply), 0);
	close(fd);
	if (got < (ssize_t)(sizeof(reply.header) + sizeof(reply.error.error)))
		return false;
	errno = -reply.error.error;
	return errno == 0;
}

bool sim_namespace_enter(const char **what)
{
	*what = "a network namespace of its own (it takes root or user namespaces)";
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	*what = "the loopback interface up";
	if (!raise_loopback())
		return false;
	*what = "all addresses on the loopback interface";
	return add_local_route(AF_INET) && add_local_route(AF_INET6);
}
