drop table price_refreshes, price_terms, prices;
