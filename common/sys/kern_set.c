/* kern_set.c - see kern_set.h */
#include "common/sys/kern_set.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/log.h"

#define NFT(message) ((NFNL_SUBSYS_NFTABLES << 8) | (message))

/* Append a finished message, and free it. */
static void
append(struct kern_batch *b, struct kern_req *q)
{
	const struct nlmsghdr *h = q->bad ? NULL : nlmsg_hdr(q->msg);
	size_t n = h ? NLMSG_ALIGN(h->nlmsg_len) : 0;

	if (h && b->n + n > b->cap) {
		size_t cap = 2 * (b->n + n);
		uint8_t *buf = realloc(b->buf, cap);

		if (!buf) {
			h = NULL;
		} else {
			b->buf = buf;
			b->cap = cap;
		}
	}
	if (h) {
		memset(b->buf + b->n, 0, n);
		memcpy(b->buf + b->n, h, h->nlmsg_len);
		b->n += n;
	} else {
		b->bad = true;
	}
	if (q->msg)
		nlmsg_free(q->msg);
}

static void
bracket(struct kern_batch *b, int type)
{
	const struct nfgenmsg g = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct kern_req q;

	kern_req_begin(&q, type, 0, &g, sizeof(g));
	append(b, &q);
}

void
kern_batch_begin(struct kern_batch *b, const char *table)
{
	*b = (struct kern_batch){ .table = table };
	bracket(b, NFNL_MSG_BATCH_BEGIN);
}

static void
set_begin(struct kern_batch *b, struct kern_req *q, const char *set, bool on)
{
	const struct nfgenmsg g = { .nfgen_family = NFPROTO_IPV6 };

	kern_req_begin(q, NFT(on ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
	    NLM_F_ACK | (on ? NLM_F_CREATE : 0), &g, sizeof(g));
	kern_req_string(q, NFTA_SET_ELEM_LIST_TABLE, b->table);
	kern_req_string(q, NFTA_SET_ELEM_LIST_SET, set);
}

static void
put_key(struct kern_req *q, int attr, const uint8_t *key, size_t n)
{
	struct nlattr *nest = kern_req_nest(q, attr);

	kern_req_put(q, NFTA_DATA_VALUE, key, n);
	kern_req_nest_end(q, nest);
}

void
kern_batch_element(struct kern_batch *b, const char *set, const struct kern_element *e, bool on)
{
	struct nlattr *list, *element;
	struct kern_req q;

	set_begin(b, &q, set, on);
	list = kern_req_nest(&q, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = kern_req_nest(&q, NFTA_LIST_ELEM);
	put_key(&q, NFTA_SET_ELEM_KEY, e->key, e->n);
	if (e->is_interval)
		put_key(&q, NFTA_SET_ELEM_KEY_END, e->end, e->n);
	kern_req_nest_end(&q, element);
	kern_req_nest_end(&q, list);
	append(b, &q);
}

/* A deletion that names no element is one of all. */
void
kern_batch_flush(struct kern_batch *b, const char *set)
{
	struct kern_req q;

	set_begin(b, &q, set, false);
	append(b, &q);
}

/* The first error among the answers, all of which are there once send has returned. */
static int
first_error(struct kern_nl *nl, uint32_t seq)
{
	int r = 0;

	for (;;) {
		ssize_t n = recv(nl->fd, nl->buf, KERN_NL_BUF, MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? r : -errno;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)nl->buf; nlmsg_ok(h, left);
		     h = nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = nlmsg_data(h);

			if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == seq &&
			    nlmsg_datalen(h) >= (int)sizeof(*e) && r == 0)
				r = e->error;
		}
	}
}

int
kern_batch_send(struct kern_batch *b, struct kern_nl *nl)
{
	uint32_t seq = ++nl->seq;
	int r = -ENOMEM;

	bracket(b, NFNL_MSG_BATCH_END);
	for (size_t at = 0; !b->bad && at < b->n;) {
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)(b->buf + at);

		h->nlmsg_seq = seq;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	if (!b->bad)
		r = send(nl->fd, b->buf, b->n, 0) < 0 ? -errno : first_error(nl, seq);
	if (r < 0)
		log_debug("kern", "packet filter refused elements", "table=%s error=\"%s\"",
		    b->table, strerror(-r));
	free(b->buf);
	*b = (struct kern_batch){ 0 };
	return r;
}

/* ---- what is there ---- */

struct each_element {
	const char *set;
	kern_set_fn *fn;
	void *ctx;
};

/* Octets of a key, at most KERN_SET_KEY_MAX; 0 if there is none. */
static size_t
take_key(struct nlattr *nest, uint8_t *ret_key)
{
	struct nlattr *key[NFTA_DATA_MAX + 1];
	size_t n;

	if (!nest || nla_parse_nested(key, NFTA_DATA_MAX, nest, NULL) < 0 || !key[NFTA_DATA_VALUE])
		return 0;
	n = (size_t)nla_len(key[NFTA_DATA_VALUE]);
	if (n > KERN_SET_KEY_MAX)
		return 0;
	memcpy(ret_key, nla_data(key[NFTA_DATA_VALUE]), n);
	return n;
}

static void
found_elements(void *ctx, struct nlmsghdr *h)
{
	const struct each_element *e = ctx;
	struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *element;
	int left;

	if (!kern_nl_attrs(h, sizeof(struct nfgenmsg), tb, NFTA_SET_ELEM_LIST_MAX) ||
	    !tb[NFTA_SET_ELEM_LIST_ELEMENTS])
		return;
	nla_for_each_nested(element, tb[NFTA_SET_ELEM_LIST_ELEMENTS], left)
	{
		struct nlattr *parts[NFTA_SET_ELEM_MAX + 1];
		struct kern_element found = { 0 };

		if (nla_parse_nested(parts, NFTA_SET_ELEM_MAX, element, NULL) < 0)
			continue;
		found.n = take_key(parts[NFTA_SET_ELEM_KEY], found.key);
		found.is_interval = take_key(parts[NFTA_SET_ELEM_KEY_END], found.end) > 0;
		if (found.n > 0)
			e->fn(e->ctx, e->set, &found);
	}
}

int
kern_set_each(struct kern_nl *nl, const char *table, const char *set, kern_set_fn *fn, void *ctx)
{
	const struct nfgenmsg g = { .nfgen_family = NFPROTO_IPV6 };
	struct each_element e = { .set = set, .fn = fn, .ctx = ctx };
	struct kern_req q;

	kern_req_begin(&q, NFT(NFT_MSG_GETSETELEM), NLM_F_DUMP, &g, sizeof(g));
	kern_req_string(&q, NFTA_SET_ELEM_LIST_TABLE, table);
	kern_req_string(&q, NFTA_SET_ELEM_LIST_SET, set);
	return kern_nl_ask(nl, &q, found_elements, &e);
}

struct each_counter {
	kern_counter_fn *fn;
	void *ctx;
};

static void
found_counter(void *ctx, struct nlmsghdr *h)
{
	const struct each_counter *e = ctx;
	struct nlattr *tb[NFTA_OBJ_MAX + 1], *counter[NFTA_COUNTER_MAX + 1];
	uint64_t packets;

	if (kern_nl_attrs(h, sizeof(struct nfgenmsg), tb, NFTA_OBJ_MAX) && tb[NFTA_OBJ_NAME] &&
	    tb[NFTA_OBJ_DATA] &&
	    nla_parse_nested(counter, NFTA_COUNTER_MAX, tb[NFTA_OBJ_DATA], NULL) >= 0 &&
	    kern_attr_copy(counter[NFTA_COUNTER_PACKETS], &packets, sizeof(packets)))
		e->fn(e->ctx, nla_get_string(tb[NFTA_OBJ_NAME]), be64toh(packets));
}

int
kern_set_counters(struct kern_nl *nl, const char *table, kern_counter_fn *fn, void *ctx)
{
	const struct nfgenmsg g = { .nfgen_family = NFPROTO_IPV6 };
	struct each_counter e = { .fn = fn, .ctx = ctx };
	struct kern_req q;

	kern_req_begin(&q, NFT(NFT_MSG_GETOBJ), NLM_F_DUMP, &g, sizeof(g));
	kern_req_string(&q, NFTA_OBJ_TABLE, table);
	kern_req_u32(&q, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	return kern_nl_ask(nl, &q, found_counter, &e);
}
