/** An archive in a layout that names no product is told it with its upload. */
export const productsOfArchives: readonly string[] = [
  `alter table upload
    drop constraint upload_check,
    add constraint upload_product check (
      (product_id is not null or purpose <> 'REFERENCE') and (product_id is null or purpose in ('REFERENCE', 'DATA_SET')))`,
];
