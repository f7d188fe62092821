// SPDX-License-Identifier: BSD-3-Clause
/* The queue of what the resolver asks its caller to do. Nodes live inside the exchange or client they are about, so
 * queueing never fails.
 */
#pragma once
#include <stddef.h>
#include "resolver/resolver.h"

struct hf_action_node {
	struct hf_action_node *next, *previous;
	enum hf_action_kind kind; /* HF_ACTION_NONE: not in the queue */
};

struct hf_action_queue {
	struct hf_action_node *first, *last;
};

static inline void hf_actions_push(struct hf_action_queue *queue, struct hf_action_node *node, enum hf_action_kind kind)
{
	node->kind = kind;
	node->next = NULL;
	node->previous = queue->last;
	*(queue->last ? &queue->last->next : &queue->first) = node;
	queue->last = node;
}

static inline void hf_actions_remove(struct hf_action_queue *queue, struct hf_action_node *node)
{
	if (node->kind == HF_ACTION_NONE)
		return;
	*(node->previous ? &node->previous->next : &queue->first) = node->next;
	*(node->next ? &node->next->previous : &queue->last) = node->previous;
	node->kind = HF_ACTION_NONE;
	node->next = node->previous = NULL;
}
