// SPDX-License-Identifier: BSD-3-Clause
/* The TCP listener: its sockets and its thread's loop. */
#include "io/tcp.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/sockaddr.h"
#include "io/tcp_connection.h"

enum { EVENTS_A_TURN = 64, ACCEPTS_A_TURN = 32, BACKLOG = 512 };
/* epoll_event.data.u64 beside those of connections. */
#define LISTENER_EVENT HF_TCP_EVENT_LIMIT /* | number of the listener */

struct hf_tcp {
	struct hf_serve *serve;
	int epoll_fd;
	unsigned listener_count;
	int *listeners;
	bool listeners_paused; /* no descriptor was left for accept(); tried again at the next turn */
	struct hf_tcp_connections *connections;
};

/* ---- accepting ---- */

static void watch_listeners(struct hf_tcp *tcp, bool on)
{
	for (unsigned i = 0; i < tcp->listener_count; i++) {
		struct epoll_event event = {.events = on ? EPOLLIN : 0, .data.u64 = LISTENER_EVENT | i};

		epoll_ctl(tcp->epoll_fd, EPOLL_CTL_MOD, tcp->listeners[i], &event);
	}
	tcp->listeners_paused = !on;
}

static void accept_some(struct hf_tcp *tcp, unsigned listener)
{
	if (listener >= tcp->listener_count)
		return;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		union hf_sockaddr remote;
		socklen_t length = sizeof(remote);
		int fd = accept4(tcp->listeners[listener], &remote.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			const struct hf_address client = hf_sockaddr_to_address(&remote);

			if (hf_serve_drops(tcp->serve, &client))
				close(fd);
			else
				hf_tcp_connections_admit(tcp->connections, fd, &remote);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			hf_log(HF_LOG_WARNING, "tcp-accept", "text=\"%s\"", strerror(errno));
			if (!hf_tcp_connections_displace(tcp->connections))
				watch_listeners(tcp, false); /* else the event would spin */
			return;
		}
		if (errno == EAGAIN)
			return;
		/* Anything else is about the one connection that came and went (accept(2)). */
	}
}

/* ---- the loop ---- */

void hf_tcp_run(void *argument, struct hf_thread *self)
{
	struct hf_tcp *tcp = argument;
	struct epoll_event events[EVENTS_A_TURN];

	hf_tcp_connections_set_now(tcp->connections, hf_clock_now());
	while (!hf_thread_stopping(self)) {
		bool more = hf_tcp_connections_take_answers(tcp->connections);
		int count;

		hf_thread_beat(self);
		count = hf_thread_wait(&tcp->serve->mailbox, tcp->epoll_fd, events, EVENTS_A_TURN,
				       more ? 0 : hf_tcp_connections_sleep_ms(tcp->connections));
		hf_tcp_connections_set_now(tcp->connections, hf_clock_now());
		if (tcp->listeners_paused)
			watch_listeners(tcp, true);
		for (int i = 0; i < count; i++) {
			if (events[i].data.u64 & LISTENER_EVENT)
				accept_some(tcp, (unsigned)(events[i].data.u64 & ~LISTENER_EVENT));
			else
				hf_tcp_connections_ready(tcp->connections, events[i].data.u64, events[i].events);
			rcu_quiescent_state();
		}
		hf_tcp_connections_expire(tcp->connections);
		hf_serve_wake(tcp->serve);
	}
}

/* ---- making and freeing ---- */

static int bind_listener(const struct hf_address *address)
{
	union hf_sockaddr local;
	socklen_t length = hf_sockaddr_from_address(address, &local);
	int one = 1, saved, fd = socket(local.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* REUSEADDR: connections of an earlier process in TIME_WAIT do not hold the port; a listening one does. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    (address->family == 4 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, &local.any, length) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

struct hf_tcp *hf_tcp_new(const struct hf_config *config, struct hf_serve *serve, char error[HF_IO_ERROR_MAX])
{
	struct hf_tcp *tcp = calloc(1, sizeof(*tcp));

	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	if (!tcp)
		return NULL;
	tcp->serve = serve;
	tcp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	tcp->listeners = calloc(config->listen_count, sizeof(*tcp->listeners));
	tcp->connections = hf_tcp_connections_new(tcp->epoll_fd, serve, config->tcp_clients, config->tcp_idle_ms);
	if (tcp->epoll_fd < 0 || !tcp->listeners || !tcp->connections ||
	    !hf_mailbox_watch(&serve->mailbox, tcp->epoll_fd))
		goto fault;
	for (size_t i = 0; i < config->listen_count; i++) {
		char text[HF_ADDRESS_TEXT_MAX];
		int fd = bind_listener(&config->listen[i]);

		if (fd < 0) {
			snprintf(error, HF_IO_ERROR_MAX, "listen: %s over TCP: %s%s",
				 hf_address_to_text(&config->listen[i], text), strerror(errno),
				 errno == EADDRINUSE ? " (is another name server or holdfast-dataplane running there?)"
						     : "");
			goto fault;
		}
		tcp->listeners[tcp->listener_count++] = fd;
	}
	return tcp;
fault:
	hf_tcp_free(tcp);
	return NULL;
}

bool hf_tcp_listen(struct hf_tcp *tcp, char error[HF_IO_ERROR_MAX])
{
	for (unsigned i = 0; i < tcp->listener_count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = LISTENER_EVENT | i};

		if (listen(tcp->listeners[i], BACKLOG) != 0 ||
		    epoll_ctl(tcp->epoll_fd, EPOLL_CTL_ADD, tcp->listeners[i], &event) != 0) {
			snprintf(error, HF_IO_ERROR_MAX, "listen over TCP: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

void hf_tcp_free(struct hf_tcp *tcp)
{
	if (!tcp)
		return;
	hf_tcp_connections_free(tcp->connections);
	for (unsigned i = 0; i < tcp->listener_count; i++)
		close(tcp->listeners[i]);
	if (tcp->epoll_fd >= 0)
		close(tcp->epoll_fd);
	free(tcp->listeners);
	free(tcp);
}

void hf_tcp_set_idle(struct hf_tcp *tcp, unsigned idle_ms)
{
	hf_tcp_connections_set_idle(tcp->connections, idle_ms);
}

unsigned hf_tcp_clients(const struct hf_tcp *tcp)
{
	return hf_tcp_connections_count(tcp->connections);
}
