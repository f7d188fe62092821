// SPDX-License-Identifier: BSD-3-Clause
/* The table of services, its collision-free seed, and the host's own addresses. */
#include "control/loader_services.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* hf_loader_services_own() marks broadcast addresses by this port. */
enum { PORT_BROADCAST = 1 };

struct service_list {
	struct hf_service entries[HF_SERVICE_ADDRESSES_MAX];
	size_t count;
};

static bool is_loopback(const struct hf_address *address)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	return address->family == 4 ? address->bytes[0] == 127 : memcmp(address->bytes, loopback6, 16) == 0;
}

static bool is_wildcard(const struct hf_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, 16) == 0;
}

/* The entry of an address, made when missing; NULL when the list is full. */
static struct hf_service *entry_of(struct service_list *list, const struct hf_address *address)
{
	struct hf_service wanted = {.family = address->family};

	if (address->family == 4)
		memcpy(&wanted.address[1], address->bytes, 4);
	else
		memcpy(wanted.address, address->bytes, 16);
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].family == wanted.family &&
		    memcmp(list->entries[i].address, wanted.address, 16) == 0)
			return &list->entries[i];
	if (list->count == HF_SERVICE_ADDRESSES_MAX)
		return NULL;
	list->entries[list->count] = wanted;
	return &list->entries[list->count++];
}

static bool add_service(struct service_list *list, const struct hf_address *address, uint16_t port, char *error,
			size_t error_size)
{
	struct hf_service *entry = entry_of(list, address);
	char text[HF_ADDRESS_TEXT_MAX];

	if (!entry) {
		snprintf(error, error_size, "more than %d addresses to answer for", HF_SERVICE_ADDRESSES_MAX);
		return false;
	}
	for (unsigned i = 0; i < HF_SERVICE_PORTS_MAX; i++) {
		if (entry->ports[i] == htons(port))
			return true;
		if (entry->ports[i] == 0) {
			entry->ports[i] = htons(port);
			return true;
		}
	}
	snprintf(error, error_size, "%s: more than %d ports on one address", hf_address_to_text(address, text),
		 HF_SERVICE_PORTS_MAX);
	return false;
}

/* Writes the entries where `seed` puts them; false when two meet. */
static bool place(struct hf_service half[HF_SERVICE_SLOTS], const struct service_list *list, uint64_t seed)
{
	memset(half, 0, HF_SERVICE_SLOTS * sizeof(*half));
	for (size_t i = 0; i < list->count; i++) {
		struct hf_service *slot = &half[hf_service_index(list->entries[i].address[0], list->entries[i].address[1], seed)];

		if (slot->family)
			return false;
		*slot = list->entries[i];
	}
	return true;
}

uint64_t hf_loader_services_fill(struct hf_service half[HF_SERVICE_SLOTS], const struct hf_address *services,
				 size_t service_count, const struct hf_address *own, size_t own_count,
				 char *error, size_t error_size)
{
	struct service_list list = {.count = 0};

	for (size_t i = 0; i < service_count; i++) {
		const struct hf_address *service = &services[i];

		if (is_loopback(service))
			continue;
		if (!is_wildcard(service)) {
			if (!add_service(&list, service, service->port, error, error_size))
				return 0;
			continue;
		}
		for (size_t j = 0; j < own_count; j++)
			if (own[j].family == service->family && own[j].port != PORT_BROADCAST &&
			    !add_service(&list, &own[j], service->port, error, error_size))
				return 0;
	}
	for (size_t i = 0; i < own_count; i++)
		entry_of(&list, &own[i]);

	/* 64 addresses on 512 places: one seed in fifty or so will do. */
	for (uint64_t n = 1; n < 1000000; n++) {
		uint64_t seed = n * UINT64_C(0x9e3779b97f4a7c15) & INT64_MAX;

		if (place(half, &list, seed | 1))
			return seed | 1;
	}
	snprintf(error, error_size, "no place for %zu addresses in the table of services", list.count);
	return 0;
}

size_t hf_loader_services_own(struct hf_address *own, size_t capacity)
{
	struct ifaddrs *all;
	size_t count = 0;

	if (getifaddrs(&all))
		return 0;
	for (const struct ifaddrs *at = all; at && count < capacity; at = at->ifa_next) {
		struct hf_address address = {0};

		if (!at->ifa_addr)
			continue;
		if (at->ifa_addr->sa_family == AF_INET) {
			address.family = 4;
			memcpy(address.bytes, &((struct sockaddr_in *)at->ifa_addr)->sin_addr, 4);
		} else if (at->ifa_addr->sa_family == AF_INET6) {
			address.family = 6;
			memcpy(address.bytes, &((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr, 16);
		} else {
			continue;
		}
		if (is_loopback(&address))
			continue;
		own[count++] = address;
		if (address.family == 4 && at->ifa_flags & IFF_BROADCAST && at->ifa_broadaddr && count < capacity) {
			memcpy(address.bytes, &((struct sockaddr_in *)at->ifa_broadaddr)->sin_addr, 4);
			address.port = PORT_BROADCAST;
			own[count++] = address;
		}
	}
	freeifaddrs(all);
	return count;
}
