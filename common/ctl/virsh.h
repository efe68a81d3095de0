/*
 * virsh.h - write Homeport's element into the metadata of a libvirt domain, by virsh(1): so no
 * library of libvirt is needed here.
 *
 * Layer: tool.
 */
#pragma once

#include <stddef.h>

#define VIRSH_XML_MAX 2048

/*
 * "KEY VALUE ..." as the element: prefix (several), home-address, interface. Returns 0, or
 * -EINVAL with a reason in why.
 */
int virsh_element(
    int argc, const char *const *argv, char xml[static VIRSH_XML_MAX], char *why, size_t why_len);

/* Make it so, for the domain as it is configured and as it runs. virsh says what is wrong: 0 or -1.
 */
int virsh_define(const char *domain, const char *xml);
