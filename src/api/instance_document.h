/* What is kept of a container instance as JSON: registeredResources, attributes, versionInfo (facts:
 * tasks 7.1, 7.2). */
#ifndef INSTANCE_DOCUMENT_H
#define INSTANCE_DOCUMENT_H

#include "ecs-local/base/value.h"

/* From a RegisterContainerInstance request, the identity document (NULL: none) and the document of the
 * instance when it is registered again (NULL: it is new). */
struct value *instance_document_make(
    struct arena *arena, const struct value *request, const struct value *identity, const struct value *old);
/* The value of an attribute, NULL when it is not there or has none. */
const char *instance_document_attribute(const struct value *document, const char *name);

#endif
