/** The shapes of companies, from the API. */
import type { Answer, Sent } from '../api/types';

export type Company = Answer<'/api/v1/companies/{id}'>;
export type CompanyPerson = Answer<'/api/v1/companies/{id}/people'>['items'][number];
export type NewCompany = Sent<'/api/v1/companies', 'post'>;
export type CompanyChange = Sent<'/api/v1/companies/{id}', 'patch'>;
