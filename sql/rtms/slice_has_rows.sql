SELECT EXISTS (SELECT FROM {target} AS kept WHERE {in_slice});
